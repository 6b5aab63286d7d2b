import { describe, expect, it } from 'vitest';
import { type Demand, demandKey } from '../demand.ts';
import type { GuardPlan, PlanFinding } from '../model.ts';
import { afterUpgrade, carryOver } from './upgrade.ts';

const REASON = { en: 'why', 'zh-CN': '原因' };

function setting(key: string, value: string, by = 'ip-forward'): Demand {
  return { kind: 'setting', key, value, by, reason: REASON };
}

function finding(problem: string, subject: string, status: PlanFinding['status'] = 'problem'): PlanFinding {
  const words = { title: '', cause: '', impact: '', prove: '', docs: '', evidence: [], remedies: [] };
  return { problem, subject, status, severity: 'warning', target: 'node', ...words };
}

const LAST: GuardPlan = {
  schemaVersion: 1,
  takenAt: '2026-01-01T00:00:00.000Z',
  target: 'node',
  bootId: '11111111-0000-0000-0000-000000000000',
  profile: 'harvester',
  profileEvidence: [],
  versions: { os: 'Harvester v1.4.1', kernel: '5.14.21', distribution: 'RKE2 v1.29.9+rke2r1' },
  phase: 'launched',
  demands: [
    setting('net/ipv4/ip_forward', '1'),
    setting('net/bridge/bridge-nf-call-iptables', '0', 'bridge-netfilter'),
  ],
  conflicts: [],
  left: [],
  undecided: [],
  now: { 'net.ipv4.ip_forward': '1', 'net.bridge.bridge-nf-call-iptables': '0' },
  leases: [],
  findings: [finding('cni-lease-leak', 'k8s-pod-network'), finding('ip-forward', 'net.ipv4.ip_forward', 'ok')],
};

describe('after an upgrade', () => {
  it('says which findings came and went, and what would have been otherwise', () => {
    const present: GuardPlan = {
      ...LAST,
      takenAt: '2026-01-02T00:00:00.000Z',
      bootId: '22222222-0000-0000-0000-000000000000',
      versions: { ...LAST.versions, distribution: 'RKE2 v1.30.4+rke2r1' },
      now: { 'net.ipv4.ip_forward': '1', 'net.bridge.bridge-nf-call-iptables': '1' },
      findings: [
        finding('bridge-netfilter', 'mgmt-br'),
        finding('bridge-netfilter', 'mgmt-br'),
        finding('clock-skew', ''),
      ],
    };
    expect(afterUpgrade(LAST, present)).toEqual({
      at: '2026-01-02T00:00:00.000Z',
      type: 'upgraded',
      from: 'RKE2 v1.29.9+rke2r1, boot 11111111',
      to: 'RKE2 v1.30.4+rke2r1, boot 22222222',
      appeared: ['bridge-netfilter mgmt-br', 'clock-skew'],
      gone: ['cni-lease-leak k8s-pod-network'],
      different: ['net.bridge.bridge-nf-call-iptables: 1, wanted 0'],
    });
  });

  it('finds nothing otherwise in what is wanted otherwise before the first launch', () => {
    const present: GuardPlan = {
      ...LAST,
      bootId: '22222222-0000-0000-0000-000000000000',
      phase: 'before-launch',
      demands: [
        setting('net/ipv4/ip_forward', '1'),
        setting('net/bridge/bridge-nf-call-iptables', '1', 'bridge-netfilter'),
      ],
      now: { 'net.ipv4.ip_forward': '0', 'net.bridge.bridge-nf-call-iptables': '1' },
    };
    expect(afterUpgrade(LAST, present)?.different).toEqual(['net.ipv4.ip_forward: 0, wanted 1']);
  });

  it('is nothing in the same boot of the same releases, whatever is found', () => {
    expect(afterUpgrade(LAST, { ...LAST, findings: [] })).toBeUndefined();
  });

  it('is not guessed from what could not be seen this time', () => {
    const versions = { os: '', kernel: '', distribution: '' };
    expect(afterUpgrade(LAST, { ...LAST, bootId: '', versions, now: {} })).toBeUndefined();
  });
});

describe('a plan that follows another', () => {
  const table = setting('vm/swappiness', '0', 'setting-not-persistent');
  const before: GuardPlan = { ...LAST, demands: [...LAST.demands, table] };
  const present: GuardPlan = { ...LAST, left: [{ demand: table, why: REASON }] };
  const keys = ({ demands }: GuardPlan) => demands.map(demandKey);

  it('keeps what was held and is left for its value alone', () => {
    const carried = carryOver(before, present);
    expect(keys(carried)).toEqual(keys(before));
    expect(carried.left).toEqual([]);
  });

  const UNSEEN: GuardPlan = {
    ...LAST,
    phase: 'unknown',
    demands: LAST.demands.slice(0, 1),
    undecided: [
      {
        by: 'bridge-netfilter',
        about: 'net.bridge.bridge-nf-call-iptables',
        severity: 'warning',
        reason: 'failed',
        detail: 'systemctl show: timed out',
      },
    ],
  };

  it('keeps what its problem cannot tell now, and the phase that was seen', () => {
    const carried = carryOver(LAST, UNSEEN);
    expect(keys(carried)).toEqual(keys(LAST));
    expect(carried.phase).toBe('launched');
  });

  it('keeps what lies ahead, so that a start is still followed', () => {
    const ahead = { services: ['rke2-server.service'], stages: [] };
    const carried = carryOver({ ...LAST, phase: 'before-launch', ahead }, UNSEEN);
    expect([carried.phase, carried.ahead]).toEqual(['before-launch', ahead]);
  });

  it('lets go of what is seen to be gone', () => {
    const gone = UNSEEN.undecided.map((one) => ({ ...one, reason: 'absent' as const }));
    expect(keys(carryOver(LAST, { ...UNSEEN, undecided: gone }))).toEqual(keys(UNSEEN));
  });

  it.each([
    ['after a boot', before, { ...present, bootId: '22222222-0000-0000-0000-000000000000' }],
    ['under another profile', before, { ...present, profile: 'generic' }],
    ['where it was not held before', LAST, present],
    [
      'where it is wanted otherwise now',
      before,
      { ...present, left: [{ demand: { ...table, value: '1' }, why: REASON }] },
    ],
    ['where it is in conflict now', before, { ...present, conflicts: [{ key: 'vm.swappiness', demands: [] }] }],
  ] as const)('does not %s', (_when, last, next) => {
    expect(carryOver(last, next)).toBe(next);
  });
});
