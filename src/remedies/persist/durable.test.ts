import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { known, unknown } from '../../hosts/reading.ts';
import { generic } from '../../profiles/generic.ts';
import { harvester } from '../../profiles/harvester.ts';
import { rke2Canal } from '../../profiles/rke2-canal.ts';
import type { TextFile } from '../../snapshot/sysctl-files.ts';
import type { Unit } from '../../snapshot/units.ts';
import type { Step } from '../step.ts';
import { durable } from './durable.ts';
import type { PersistParts, Wanted } from './wanted.ts';

const BRIDGE_OFF = { key: 'net/bridge/bridge-nf-call-iptables', value: '0' };
const FORWARD = { key: 'net/ipv4/ip_forward', value: '1' };
const nowhere = unknown('not-collected', 'test', 'not collected');

function file(path: string, text: string): TextFile {
  return { path, text: known(text, path) };
}

function unit(name: string, files: readonly TextFile[] = []): Unit {
  return { name, loadState: 'loaded', activeState: 'active', subState: 'running', unitFileState: 'enabled', files };
}

function parts(
  units: readonly Unit[],
  more: { udev?: readonly TextFile[]; load?: readonly TextFile[] } = {},
): PersistParts {
  return {
    units: { systemd: known(true, 'test'), units: known(units, 'test') },
    os: { release: nowhere } as unknown as PersistParts['os'],
    udevRules: known(more.udev ?? [], 'test'),
    moduleFiles: { load: known(more.load ?? [], 'test'), modprobe: known([], 'test') },
    harvester: { version: nowhere, oem: nowhere },
  };
}

function steps(wanted: Wanted, profile = generic, has = parts([])): readonly Step[] {
  return durable(wanted, 'a-problem', profile, has)[0]?.steps ?? [];
}

function paths(plan: readonly Step[]): string[] {
  return plan.map((step) =>
    step.kind === 'file' ? step.path : step.kind === 'reload' ? `reload ${step.what}` : step.kind,
  );
}

function content(plan: readonly Step[], path: RegExp): string {
  const found = plan.find((step) => step.kind === 'file' && path.test(step.path));
  if (found?.kind !== 'file') throw new Error(`no ${path}`);
  return found.content;
}

/** A file without its comments. */
function body(text: string): string {
  return text.replace(/^#.*\n/gm, '');
}

describe('where /etc is kept', () => {
  it('writes one setting to one file', () => {
    const plan = steps({ settings: [FORWARD] });
    expect(paths(plan)).toEqual(['/etc/sysctl.d/zz-hayward-a-problem-ipv4.ip_forward.conf']);
    expect(body(content(plan, /sysctl/))).toBe('net/ipv4/ip_forward = 1\n');
  });

  it('keeps a bridge key by modules-load.d and by the udev rule on the load of br_netfilter', () => {
    const plan = steps({ settings: [BRIDGE_OFF] });
    expect(paths(plan)).toEqual([
      '/etc/modules-load.d/hayward-a-problem-bridge.bridge-nf-call-iptables.conf',
      '/etc/sysctl.d/zz-hayward-a-problem-bridge.bridge-nf-call-iptables.conf',
      '/etc/udev/rules.d/99-hayward-a-problem-bridge.bridge-nf-call-iptables.rules',
      'reload udev',
    ]);
    expect(body(content(plan, /udev/))).toBe(
      'ACTION=="add", SUBSYSTEM=="module", KERNEL=="br_netfilter", RUN+="/usr/lib/systemd/systemd-sysctl --prefix=/net/bridge"\n',
    );
  });

  it('finds systemd-sysctl beside its unit', () => {
    const has = parts([unit('systemd-sysctl.service', [file('/lib/systemd/system/systemd-sysctl.service', '')])]);
    expect(content(steps({ settings: [BRIDGE_OFF] }, generic, has), /udev/)).toContain('"/lib/systemd/systemd-sysctl ');
  });

  it('adds nothing that a file of somebody else does already, but counts on none of its own', () => {
    const rule =
      'ACTION=="add", SUBSYSTEM=="module", KERNEL=="br_netfilter", RUN+="/lib/systemd/systemd-sysctl --prefix=/net/bridge"';
    const theirs = { udev: [file('/etc/udev/rules.d/x.rules', rule)], load: [file('/etc/modules', 'br-netfilter\n')] };
    const ours = {
      udev: [file('/etc/udev/rules.d/99-hayward-x.rules', rule)],
      load: [file('/etc/modules-load.d/hayward-x.conf', 'br_netfilter\n')],
    };
    expect(paths(steps({ settings: [BRIDGE_OFF] }, generic, parts([], theirs)))).toHaveLength(1);
    expect(paths(steps({ settings: [BRIDGE_OFF] }, generic, parts([], ours)))).toHaveLength(4);
  });

  it('sets a value again after each start of a present service that resets it, and only there', () => {
    const plan = steps({ settings: [BRIDGE_OFF, FORWARD] }, rke2Canal, parts([unit('rke2-agent.service')]));
    const dropIn = content(plan, /rke2-agent\.service\.d/);
    const set = '-/bin/sh -c "echo 0 > /proc/sys/net/bridge/bridge-nf-call-iptables"';
    expect(body(dropIn)).toMatch(/^\[Unit\]\nWants=hayward-a-problem-.*\.timer\n\n\[Service\]\n/);
    expect(dropIn).toContain(`\nExecStartPost=${set}\nExecStopPost=${set}\n`);
    expect(dropIn).not.toContain('ip_forward');
    expect(paths(plan).filter((path) => path.includes('rke2-server'))).toEqual([]);
    expect(paths(plan).at(-1)).toBe('reload systemd');
    expect(paths(plan).filter((path) => /hayward-.*\.(timer|service)$/.test(path))).toHaveLength(2);
  });

  it('writes no drop-in where a service writes the wanted value itself', () => {
    const plan = steps({ settings: [{ ...BRIDGE_OFF, value: '1' }] }, rke2Canal, parts([unit('rke2-agent.service')]));
    expect(paths(plan).some((path) => path.includes('rke2'))).toBe(false);
  });

  it('gives each thing kept for a problem a file of its own, whatever the value', () => {
    const one = paths(steps({ settings: [], modules: ['ip_vs'] }));
    const other = paths(steps({ settings: [], modules: ['ip_vs_rr'] }));
    expect(one).toEqual(['/etc/modules-load.d/hayward-a-problem-ip_vs.conf']);
    expect(other).not.toEqual(one);
    expect(paths(steps({ settings: [{ ...FORWARD, value: '0' }] }))).toEqual(paths(steps({ settings: [FORWARD] })));
    const odd = (name: string) => paths(steps({ settings: [{ key: `net/ipv4/conf/${name}/rp_filter`, value: '2' }] }));
    expect(odd('a*')).not.toEqual(odd('a?'));
  });

  it('plans nothing for nothing', () => {
    expect(durable({ settings: [] }, 'a-problem', generic, parts([]))).toEqual([]);
  });
});

describe('on Harvester', () => {
  const rke2 = parts([unit('rke2-server.service')]);

  it('never sets bridged frames free before the first launch: only the drop-in does, once RKE2 is ready', () => {
    const plan = steps({ settings: [BRIDGE_OFF] }, harvester, rke2);
    expect(paths(plan)).toEqual([
      '/etc/systemd/system/rke2-server.service.d/zz-hayward-a-problem-bridge.bridge-nf-call-iptables.conf',
      'reload systemd',
    ]);
    expect(body(content(plan, /rke2/))).toBe(
      '[Service]\nExecStartPost=-/bin/sh -c "echo 0 > /proc/sys/net/bridge/bridge-nf-call-iptables"\n',
    );
  });

  it("adds nothing where Harvester's own drop-in does it", () => {
    const own = file(
      '/etc/systemd/system/rke2-server.service.d/override.conf',
      '[Service]\nExecStartPost=/sbin/sysctl -w net.bridge.bridge-nf-call-iptables=0\n',
    );
    expect(steps({ settings: [BRIDGE_OFF] }, harvester, parts([unit('rke2-server.service', [own])]))).toEqual([]);
  });

  it('makes everything else anew at each boot from one file under /oem', () => {
    const wanted: Wanted = {
      settings: [FORWARD],
      modules: ['ip_vs'],
      bridgeSettings: [{ bridge: 'cni0', name: 'nf_call_iptables', value: '1' }],
    };
    const plan = steps(wanted, harvester, rke2);
    expect(paths(plan)).toHaveLength(1);
    expect(paths(plan)[0]).toMatch(/^\/oem\/99_hayward_a_problem_[a-z0-9_]+\.yaml$/);
    const { stages } = parse(content(plan, /oem/)) as {
      stages: { initramfs: { files: { path: string; permissions: number }[] }[] };
    };
    expect(Object.keys(stages)).toEqual(['initramfs']);
    const files = stages.initramfs[0]?.files ?? [];
    expect(files.map((one) => one.path.split('/').slice(0, 3).join('/'))).toEqual([
      '/etc/modules-load.d',
      '/etc/sysctl.d',
      '/usr/local',
      '/etc/udev',
    ]);
    expect(files.map((one) => one.permissions)).toEqual([0o644, 0o644, 0o755, 0o644]);
  });
});
