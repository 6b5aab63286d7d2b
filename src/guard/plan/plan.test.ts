import { describe, expect, it } from 'vitest';
import { fixture } from '../../../test/fixture.ts';
import { examineCapture, problemsNamed } from '../../examine.ts';
import type { Capture } from '../../hosts/capture.ts';
import { holdingsOf } from '../../judging/holdings.ts';
import { PROFILE_NAMES, type ProfileName } from '../../profiles/profile.ts';
import type { Snapshot } from '../../snapshot/snapshot.ts';
import { demandKey, demandValue, isWanted } from '../demand.ts';
import type { GuardPlan } from '../model.ts';
import { askedDemand } from './asked.ts';
import { planOf } from './plan.ts';

const NODES = [
  'harvester-v1.4',
  'kubekey-debian11',
  'kubekey-debian11-not-forwarding',
  'plain-debian12',
  'rke2-canal-ubuntu22',
] as const;

function plan(capture: Capture, hold: readonly string[] = [], profile?: ProfileName): GuardPlan {
  const examination = examineCapture(capture, { lang: 'en', ...(profile && { profile }) });
  const asked = hold.map(askedDemand).filter((demand) => typeof demand !== 'string');
  const holdings = (seen: Snapshot) => holdingsOf(problemsNamed(undefined), seen, examination.profile);
  return planOf({ examination, holdings, asked, findings: examination.findings });
}

const values = ({ demands }: GuardPlan) =>
  demands.map((demand) => `${demandKey(demand)}=${demand.kind === 'module' ? 'loaded' : demand.value}`);

/** The problems whose findings a demand can cure; what only the next boot will lose is right now. */
const CURABLE = new Set(
  problemsNamed(undefined)
    .map((one) => one as Pick<typeof one, 'id'> & { readonly holds?: object })
    .filter(({ id, holds }) => holds !== undefined && id !== 'setting-not-persistent')
    .map(({ id }) => id),
);

function wouldChange({ demands, now }: GuardPlan): readonly string[] {
  return demands.flatMap((demand) => {
    const key = demandKey(demand);
    const found = now[key];
    return found === undefined || isWanted(demand, found) ? [] : [key];
  });
}

describe('the plan for a recorded node', () => {
  it.each(NODES)('%s: changes nothing unless the doctor finds something', (name) => {
    const made = plan(fixture(name));
    const sick = made.findings.some(({ status, problem }) => status === 'problem' && CURABLE.has(problem));
    expect(sick).toBe(name === 'kubekey-debian11-not-forwarding');
    expect(wouldChange(made).length > 0).toBe(sick);
    expect(made.conflicts).toEqual([]);
  });

  it('of a Harvester keeps bridged frames alone, from RKE2’s launch on', () => {
    const made = plan(fixture('harvester-v1.4'));
    expect(made).toMatchObject({ profile: 'harvester', phase: 'launched', undecided: [] });
    expect(values(made)).toContain('net.bridge.bridge-nf-call-iptables=0');
    expect(values(made)).not.toContain('net.bridge.bridge-nf-call-ip6tables=0');
    expect(made.versions.distribution).toMatch(/^Harvester v1\.4/);
  });

  it('of a Harvester that has just booted says what RKE2’s start and its being ready lead to', () => {
    const recorded = fixture('harvester-v1.4');
    const state = (active: string, sub: string, started: string) =>
      `ExecMainStartTimestampMonotonic=${started}\nId=rke2-server.service\nLoadState=loaded\nActiveState=${active}\nSubState=${sub}`;
    const ready = 'UnitFileState=enabled\nActiveEnterTimestampMonotonic=151890347\n\nId=rke2-agent';
    const at = (active: string, sub: string, started: string): Capture => {
      const entries = Object.entries(recorded.entries).map(([name, entry]) => {
        if (!('text' in entry) || !entry.text.includes(ready)) return [name, entry];
        const text = entry.text
          .replace(state('active', 'running', '31400211'), state(active, sub, started))
          .replace(ready, ready.replace('151890347', '0'));
        return [name, { ...entry, text }];
      });
      return { ...recorded, entries: Object.fromEntries(entries) };
    };
    const switchOf = ({ demands }: Pick<GuardPlan, 'demands'>) =>
      demands.flatMap((one) => (demandKey(one) === 'net.bridge.bridge-nf-call-iptables' ? [demandValue(one)] : []));
    const booted = plan(at('inactive', 'dead', '0'));
    expect([booted.phase, switchOf(booted), booted.ahead?.services]).toEqual([
      'before-launch',
      ['1'],
      ['rke2-server.service'],
    ]);
    const ahead = booted.ahead?.stages.map((stage) => [stage.phase, switchOf(stage)]);
    expect(ahead).toEqual([
      ['launching', []],
      ['launched', ['0']],
    ]);
    const starting = plan(at('activating', 'start', '31400211'));
    expect([starting.phase, switchOf(starting)]).toEqual(['launching', []]);
    expect(starting.ahead?.stages.map((stage) => [stage.phase, switchOf(stage)])).toEqual([['launched', ['0']]]);
    expect(plan(recorded).ahead).toBeUndefined();
  });

  it('of a KubeKey node keeps its table and puts forwarding right', () => {
    const made = plan(fixture('kubekey-debian11-not-forwarding'));
    expect(wouldChange(made)[0]).toBe('net.ipv4.ip_forward');
    expect(wouldChange(made).slice(1), 'which the kernel sets with it').toSatisfy((rest: readonly string[]) =>
      rest.every((key) => /^net\.ipv4\.conf\..*\.forwarding$/.test(key)),
    );
    const queue = made.demands.find((demand) => demandKey(demand) === 'net.core.somaxconn');
    expect(queue).toMatchObject({ value: '32768', atLeast: true, by: 'setting-not-persistent' });
  });

  it('of a plain machine is empty, and says what it is', () => {
    const made = plan(fixture('plain-debian12'));
    expect(made).toMatchObject({ schemaVersion: 1, profile: 'generic', demands: [], conflicts: [], left: [] });
    expect(made.versions.os).toMatch(/Debian/);
    expect(made.versions.kernel).not.toBe('');
    expect(made.bootId).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('of a machine nobody could look at demands nothing and says why', () => {
    const unreachable = { reason: 'failed', detail: 'connection refused' } as const;
    const nothing = { ...fixture('plain-debian12'), entries: {}, globs: {}, lists: {}, which: {}, unreachable };
    for (const profile of PROFILE_NAMES) {
      const made = plan(nothing, [], profile);
      expect(made.demands).toEqual([]);
      expect(made.undecided.length).toBeGreaterThan(0);
      for (const { detail } of made.undecided) expect(detail).not.toBe('');
    }
  });
});

describe('what a person asks for with --hold', () => {
  const forwarding = (hold: readonly string[]) => plan(fixture('rke2-canal-ubuntu22'), hold);

  it('is held beside the rest, and one with it where they agree', () => {
    const made = forwarding(['net.ipv4.conf.all.forwarding=1', 'vm.swappiness=60']);
    const own = made.demands.find((demand) => demandKey(demand) === 'vm.swappiness');
    expect(own).toMatchObject({ value: '60', by: '--hold' });
    expect(made.demands.find((demand) => demandKey(demand) === 'net.ipv4.ip_forward')?.by).toBe('ip-forward, --hold');
  });

  it('outranks nothing: against the node’s needs it is a conflict, and both are left', () => {
    const made = forwarding(['net.ipv4.conf.all.forwarding=0']);
    expect(made.conflicts[0]).toMatchObject({ key: 'net.ipv4.ip_forward', demands: [{ value: '1' }, { value: '0' }] });
    expect(values(made).filter((one) => /forward/.test(one))).toEqual([]);
  });

  it('waits for what does not exist yet, and is not written where it cannot be read', () => {
    const recorded = fixture('rke2-canal-ubuntu22');
    const read = (path: string, state: 'absent' | 'denied') => ({
      ...recorded,
      entries: { ...recorded.entries, [`/proc/sys/${path}`]: { state, detail: `${path}: ${state}` } },
    });
    const later = plan(read('net/ipv4/conf/eth9/rp_filter', 'absent'), ['net.ipv4.conf.eth9.rp_filter=2']);
    expect(values(later)).toContain('net.ipv4.conf.eth9.rp_filter=2');
    expect(later.now).not.toHaveProperty('net.ipv4.conf.eth9.rp_filter');
    const hidden = plan(read('kernel/secret', 'denied'), ['kernel.secret=1']);
    expect(values(hidden)).not.toContain('kernel.secret=1');
    expect(hidden.undecided).toContainEqual({
      by: '--hold',
      about: 'kernel.secret',
      severity: 'warning',
      reason: 'denied',
      detail: 'kernel/secret: denied',
    });
  });
});
