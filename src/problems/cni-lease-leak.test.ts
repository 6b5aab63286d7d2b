import { describe, expect, it } from 'vitest';
import { idOf, lease, look, NOW, network, sandbox } from '../../test/lease-looks.ts';
import { netfilterWith, seen, snapshotWith } from '../../test/parts.ts';
import { type Unknown, unknown } from '../hosts/reading.ts';
import type { AnyProblem, Problem } from '../judging/problem.ts';
import type { Lease, LeaseLook, Sandbox } from '../leases/model.ts';
import { generic } from '../profiles/generic.ts';
import { harvester } from '../profiles/harvester.ts';
import { rke2Canal } from '../profiles/rke2-canal.ts';
import type { Leases } from '../snapshot/leases.ts';
import { parseIptablesSave } from '../snapshot/netfilter/iptables-save.ts';
import type { SubjectName } from '../snapshot/snapshot.ts';
import { cniAddressDuplicate } from './cni-address-duplicate.ts';
import { cniLeaseLeak } from './cni-lease-leak.ts';
import { cniLeaseMissing } from './cni-lease-missing.ts';
import { cniRangeExhausted } from './cni-range-exhausted.ts';

const BOOT = NOW - 30 * 60_000;

function leasesWith(one: LeaseLook, more: Partial<Leases> = {}): Leases {
  const times = { nowMs: NOW, bootTimeMs: BOOT, clockStepped: false };
  return { look: one, times, results: seen([]), unread: [], bootId: seen('boot'), ...more };
}

type Parts = Parameters<typeof snapshotWith>[0];

function judged(problem: unknown, leases: Leases, profile = rke2Canal, rules = '', more: Parts = {}) {
  const { tables } = parseIptablesSave(rules, { family: 'ipv4', backend: 'legacy', source: 'iptables-save' });
  const snapshot = snapshotWith({ leases, netfilter: netfilterWith(seen({ tables })), ...more });
  return (problem as Problem<SubjectName, never>).check(snapshot, profile);
}

function words(problem: AnyProblem, ...args: Parameters<typeof judged> extends [unknown, ...infer R] ? R : never) {
  return judged(problem, ...args).map(({ status, subject, ...more }) =>
    [status, subject, 'severity' in more ? more.severity : ''].join(' ').trim(),
  );
}

function filled(count: number): Lease[] {
  return Array.from({ length: count }, (_, nth) => lease(nth + 2, `gone-${nth}`));
}

const silent = unknown('failed', 'crictl pods -o json', 'connection refused');
const UNREAD: Unknown = unknown('denied', '/var/lib/cni/networks', 'permission denied');

describe('cni-lease-leak', () => {
  const leak = cniLeaseLeak as unknown as AnyProblem;

  it('is a problem where leases are left of sandboxes that are gone', () => {
    const leases = leasesWith(look({ leases: [lease(2, 'a'), lease(3, 'gone')], sandboxes: [sandbox('a')] }));
    expect(words(leak, leases)).toEqual(['problem pods warning']);
    expect(judged(leak, leases)[0]?.evidence).toMatchObject([{ source: '/var/lib/cni/networks/pods/10.52.0.3' }]);
  });

  it('is critical where no address is left', () => {
    expect(words(leak, leasesWith(look({ leases: filled(13) })))).toEqual(['problem pods critical']);
  });

  it('is in order where all are held, and where nothing was handed out yet', () => {
    expect(words(leak, leasesWith(look({ leases: [lease(2, 'a')], sandboxes: [sandbox('a')] })))).toEqual(['ok pods']);
    const readable = unknown('absent', '/var/lib/cni/networks/pods', 'nothing was handed out');
    expect(words(leak, leasesWith(look({ networks: [network('10.52.0.14', { readable })] })))).toEqual(['ok pods']);
  });

  it('is unknown where the runtime does not answer, and where files may not be read', () => {
    const blind = look({ leases: [lease(2, 'a')], runtime: { sandboxes: silent } });
    expect(words(leak, leasesWith(blind))).toEqual(['unknown pods warning']);
    const denied = look({ networks: [] });
    expect(words(leak, leasesWith(denied, { unread: [UNREAD] }))).toEqual(['unknown  warning']);
    expect(words(leak, leasesWith(denied, { unread: [UNREAD] }), generic)).toEqual(['unknown  info']);
  });

  it('has nothing to say where host-local hands out nothing', () => {
    expect(words(leak, leasesWith(look({ networks: [] })))).toEqual(['not-applicable']);
  });

  it('tells what else is left behind, and where it all came from', () => {
    const gone = idOf('gone');
    const results = seen([gone, idOf('a')]);
    const leases = leasesWith(look({ leases: [lease(3, 'gone')], sandboxes: [sandbox('a')] }), { results });
    const rules = [
      '*nat',
      ':CNI-HOSTPORT-DNAT - [0:0]',
      ':CNI-DN-1 - [0:0]',
      `-A CNI-HOSTPORT-DNAT -p tcp -m comment --comment "dnat name: \\"pods\\" id: \\"${gone}\\"" -j CNI-DN-1`,
      'COMMIT',
    ].join('\n');
    const [found] = judged(leak, leases, rke2Canal, rules);
    expect(found).toMatchObject({ facts: { leftoverResults: 1, leftoverChains: 1, beforeBoot: 1, dead: 0 } });
    const facts = found?.status === 'problem' ? found.facts : undefined;
    const { cause, impact } = cniLeaseLeak.explain(facts as never);
    expect(cause.en).toContain('from before the last boot: the node went down');
    expect(impact.en).toContain('Only 12 addresses');
  });

  it('tells that it will go on where portmap has no iptables to work with', () => {
    const file = '/etc/cni/net.d/10-canal.conflist';
    const plugins = ['calico', 'portmap'];
    const parts: Parts = {
      cni: seen([seen({ file, name: 'pods', cniVersion: '0.3.1', plugins, bridges: [], subnets: [] })]),
      tools: { path: () => seen(null) },
    };
    const [found] = judged(leak, leasesWith(look({ leases: [lease(3, 'gone')] })), rke2Canal, '', parts);
    expect(found?.evidence.at(-1)).toMatchObject({ source: 'command -v iptables', value: 'not found' });
    const { cause } = cniLeaseLeak.explain((found?.status === 'problem' ? found.facts : undefined) as never);
    expect(cause.en).toContain(`${file} chains portmap`);
    expect(cause['zh-CN']).toContain(file);
  });

  it.each([
    [rke2Canal, 'file'],
    [harvester, 'file'],
  ])('offers to give leases back before each start', (profile, kind) => {
    const leases = leasesWith(look({ leases: [lease(3, 'gone')] }));
    const [found] = judged(leak, leases, profile);
    if (found?.status !== 'problem') throw new Error('no problem');
    const remedies = cniLeaseLeak.remedies(found.facts, snapshotWith({ leases }), profile);
    expect(remedies.find(({ scope }) => scope === 'persist')?.steps[0]).toMatchObject({ kind });
  });
});

describe('cni-range-exhausted', () => {
  const exhausted = cniRangeExhausted as unknown as AnyProblem;

  it.each([
    [13, 'problem pods critical'],
    [12, 'ok pods'],
    [0, 'ok pods'],
  ])('with %i of 13 addresses held: %s', (count, expected) => {
    expect(words(exhausted, leasesWith(look({ leases: filled(count) })))).toEqual([expected]);
  });

  it('warns of a large range with less than a twentieth left', () => {
    const networks = [network('10.52.0.254')];
    expect(words(exhausted, leasesWith(look({ networks, leases: filled(241) })))).toEqual(['problem pods warning']);
    expect(words(exhausted, leasesWith(look({ networks, leases: filled(240) })))).toEqual(['ok pods']);
  });

  it('needs no runtime to see it', () => {
    const blind = look({ leases: filled(13), runtime: { sandboxes: silent } });
    expect(words(exhausted, leasesWith(blind))).toEqual(['problem pods critical']);
  });

  it('is unknown where the range is', () => {
    const ranges = unknown('absent', '/run/flannel/subnet.env', 'no such file');
    expect(words(exhausted, leasesWith(look({ networks: [network('', { ranges })] })))).toEqual(['unknown pods info']);
  });
});

describe('cni-lease-missing', () => {
  const missing = cniLeaseMissing as unknown as AnyProblem;
  const pod = (more = {}) => sandbox('a', { ips: ['10.52.0.2'], ...more });

  it.each([
    ['no lease at all', [], 'problem 10.52.0.2 critical'],
    ["another's lease", [lease(2, 'gone')], 'problem 10.52.0.2 warning'],
    ['its own', [lease(2, 'a')], 'ok'],
  ])('of a running Pod with %s', (_, leases, expected) => {
    expect(words(missing, leasesWith(look({ leases, sandboxes: [pod()] })))).toEqual([expected]);
  });

  it.each([
    ['is in the host network', pod({ hostNetwork: true })],
    ['is dead', pod({ state: 'notready' })],
    ['was made while we looked', pod({ createdAt: NOW })],
    ['has an address of another range', pod({ ips: ['172.17.0.2'] })],
  ])('misses none of a Pod that %s', (_, one) => {
    expect(words(missing, leasesWith(look({ sandboxes: [one] })))).toEqual(['ok']);
  });

  it('of an address is certain a minute after the Pod was made', () => {
    const ages = [59_000, 60_000].map((ms) => pod({ createdAt: NOW - ms }));
    const answers = ages.map((one) => words(missing, leasesWith(look({ sandboxes: [one] }))));
    expect(answers).toEqual([['ok'], ['problem 10.52.0.2 critical']]);
  });

  it('is not known where the runtime tells no running Pod’s address, as crictl’s list does not', () => {
    const untold = [pod({ ips: [] }), pod({ ips: [], name: 'other' })];
    expect(words(missing, leasesWith(look({ sandboxes: untold })))).toEqual(['unknown  info']);
    const held = (...sandboxes: Sandbox[]) => words(missing, leasesWith(look({ leases: [lease(2, 'a')], sandboxes })));
    expect(held(...untold, pod({ hostNetwork: false }))).toEqual(['ok']);
    // Nothing but its lease tells this one's address, and the others have none.
    expect(held(...untold, pod())).toEqual(['unknown  info']);
    expect(held(pod())).toEqual(['ok']);
  });

  it('is unknown where the runtime does not answer', () => {
    expect(words(missing, leasesWith(look({ runtime: { sandboxes: silent } })))).toEqual(['unknown  warning']);
  });
});

describe('cni-address-duplicate', () => {
  const duplicate = cniAddressDuplicate as unknown as AnyProblem;
  const renamed = (more: Partial<Lease> = {}) =>
    lease(2, 'b', { network: 'cbr0', path: '/var/lib/cni/networks/cbr0/10.52.0.2', ...more });

  it('is critical where two Pods, or two namespaces, have one address', () => {
    const pods = look({ sandboxes: [sandbox('a', { ips: ['10.52.0.2'] }), sandbox('b', { ips: ['10.52.0.2'] })] });
    expect(words(duplicate, leasesWith(pods))).toEqual(['problem 10.52.0.2 critical']);
    const namespaces = [5, 6].map((inode) => ({ inode, pids: [inode], addresses: ['10.52.0.2', '192.168.1.1'] }));
    expect(words(duplicate, leasesWith(look({ namespaces })))).toEqual(['problem 10.52.0.2 critical']);
    const nameless = namespaces.map((one) => ({ ...one, inode: -one.inode }));
    expect(words(duplicate, leasesWith(look({ namespaces: nameless })))).toEqual(['ok']);
  });

  it('warns where two networks hold one address', () => {
    const leases = [lease(2, 'a'), renamed()];
    const two = look({ leases, sandboxes: [sandbox('a'), sandbox('b')] });
    expect(words(duplicate, leasesWith(two))).toEqual(['problem 10.52.0.2 warning']);
  });

  it.each([
    ['one of the two leaked', [lease(2, 'a'), renamed({ containerId: idOf('gone') })]],
    ['one is a further interface, whose network may be isolated', [lease(2, 'a'), renamed({ ifName: 'net1' })]],
  ])('is in order where %s', (_, leases) => {
    expect(words(duplicate, leasesWith(look({ leases, sandboxes: [sandbox('a'), sandbox('b')] })))).toEqual(['ok']);
  });

  it('is unknown where the runtime does not answer', () => {
    expect(words(duplicate, leasesWith(look({ runtime: { sandboxes: silent } })))).toEqual(['unknown  warning']);
  });
});
