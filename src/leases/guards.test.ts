import { describe, expect, it } from 'vitest';
import { idOf, lease, look, MINUTE, NOW, network, sandbox, UPTIME } from '../../test/lease-looks.ts';
import { seen } from '../../test/parts.ts';
import { unknown } from '../hosts/reading.ts';
import { GUARDS } from './guards.ts';
import { judgeLeases } from './judge.ts';
import type { JudgeLeasesOptions, Lease, LeaseState } from './model.ts';
import { releaseSteps } from './reclaim.ts';

/**
 * Addresses of living Pods, each kept by one guard alone: with all guards it stays, without that one it would go. The
 * races that other reclaimers lost are here by their numbers.
 */
interface Scenario {
  readonly guard: string;
  readonly race: string;
  /** What is told of it, with all guards. */
  readonly kept: Exclude<LeaseState, 'leaked'>;
  /** The lease in question is the first of `now`. */
  readonly now: Told;
  /** The earlier look, 30 s before; as `now` where it is not told. */
  readonly earlier?: Told;
  readonly times?: Partial<JudgeLeasesOptions>;
}
type Told = Parameters<typeof look>[0];

const GRACE = 10 * MINUTE;
const APART = MINUTE / 2;
const YEARS = 20 * 365 * 24 * 60 * MINUTE;
const POD = lease(2, 'pod');
const NEW: Partial<Lease> = { mtime: NOW - 5 * MINUTE };
const silent = unknown('absent', '/run/containerd/containerd.sock', 'no runtime listens');
const denied = unknown('denied', '/proc', 'not allowed');
/** A namespace in which the plugins are at work: the lease is taken, the address not set yet. */
const UNFINISHED = { inode: 5, path: '/run/netns/cni-1', pids: [], addresses: [] };

const SCENARIOS: readonly Scenario[] = [
  {
    guard: 'ready-sandbox',
    race: 'a Pod that runs, of which the kernel shows nothing',
    kept: 'live',
    now: { leases: [POD], sandboxes: [sandbox('pod')] },
  },
  {
    guard: 'running-shim',
    race: 'a Pod that a runtime without its metadata has forgotten',
    kept: 'live',
    now: { leases: [POD], sandboxes: [sandbox('other')], shims: [{ pid: 7, containerId: idOf('pod') }] },
  },
  {
    guard: 'running-shim',
    race: 'a Pod that the runtime lists as dead, while its shim runs',
    kept: 'live',
    now: {
      leases: [POD],
      sandboxes: [sandbox('pod', { state: 'notready' })],
      shims: [{ pid: 7, containerId: idOf('pod') }],
    },
  },
  {
    guard: 'address-in-use',
    race: 'calico#12257: the owner’s record is gone, and the address is in use in a namespace',
    kept: 'live',
    now: { leases: [POD], namespaces: [{ inode: 5, pids: [9], addresses: ['10.52.0.2'] }] },
  },
  {
    guard: 'address-in-use',
    race: 'calico#12257: the owner’s record is gone, and the host has a route to the address',
    kept: 'live',
    now: { leases: [POD], runtime: { hostAddresses: seen(new Map([['10.52.0.2', 'route dev cali1']])) } },
  },
  {
    guard: 'address-in-use',
    race: 'rancher#21348: a running Pod lost its lease, and the address is leased to a second one that died',
    kept: 'live',
    now: { leases: [lease(2, 'dead')], sandboxes: [sandbox('running', { ips: ['10.52.0.2'] })] },
  },
  {
    guard: 'lease-text',
    race: 'an address that an operator set aside by a note in its file',
    kept: 'unknown',
    now: { leases: [lease(2, '', { containerId: '', ifName: '', size: 15 })] },
  },
  {
    guard: 'lease-text',
    race: 'a file whose text could not be read',
    kept: 'unknown',
    now: {
      leases: [lease(2, '', { containerId: '', ifName: '', size: 0 })],
      networks: [network('10.52.0.14', { readable: denied })],
    },
  },
  {
    guard: 'runtime-answers',
    race: 'the runtime is away, and nobody says what runs',
    kept: 'unknown',
    now: { leases: [POD], runtime: { sandboxes: silent } },
  },
  {
    guard: 'runtime-answers',
    race: 'RKE2 was stopped by hand, and its Pods run on',
    kept: 'unknown',
    now: { leases: [POD], shims: [{ pid: 7 }], runtime: { sandboxes: silent } },
  },
  {
    guard: 'runtime-answers-whole',
    race: 'the runtime lists nothing while a keeper runs that does not tell its sandbox (conmon)',
    kept: 'unknown',
    now: { leases: [POD], shims: [{ pid: 7 }] },
  },
  ...(['shims', 'foreignNamespaces', 'hostAddresses'] as const).map(
    (part): Scenario => ({
      guard: 'kernel-seen',
      race: `a Pod that the runtime forgot, where ${part} may not be looked at`,
      kept: 'unknown',
      now: { leases: [POD], runtime: { [part]: denied } },
    }),
  ),
  {
    guard: 'two-looks',
    race: 'nvidia-k8s-ipam#280: one listing misses the Pod, and the one before it did not',
    kept: 'grace',
    now: { leases: [POD] },
    earlier: { leases: [POD], sandboxes: [sandbox('pod')] },
  },
  {
    guard: 'two-looks',
    race: 'the runtime starts: it did not answer a moment ago, and has not read its metadata yet',
    kept: 'unknown',
    now: { leases: [POD] },
    earlier: { leases: [POD], runtime: { sandboxes: silent } },
  },
  {
    guard: 'same-file',
    race: 'whereabouts#176: freed and taken anew between the looks, by a clock that is an hour behind',
    kept: 'grace',
    now: { leases: [POD] },
    earlier: { leases: [lease(2, 'before', { mtime: NOW - 5 * 60 * MINUTE })] },
  },
  {
    guard: 'same-file',
    race: 'taken between the looks, by a clock that is an hour behind',
    kept: 'grace',
    now: { leases: [POD] },
    earlier: { leases: [] },
  },
  {
    guard: 'honest-clock',
    race: 'the Pod is being made; the node booted in 2006, and the clock was set since',
    kept: 'grace',
    now: { leases: [lease(2, 'pod', { mtime: NOW - YEARS })] },
    times: { clockStepped: true },
  },
  {
    guard: 'honest-clock',
    race: 'the Pod is being made, and the clock is set from 2006 to now between the looks',
    kept: 'grace',
    now: { leases: [lease(2, 'pod', { mtime: NOW - YEARS })] },
    earlier: { leases: [lease(2, 'pod', { mtime: NOW - YEARS })], takenAtMs: NOW - YEARS, uptimeMs: UPTIME - APART },
  },
  {
    guard: 'grace-time',
    race: 'whereabouts#162: RunPodSandbox is held for minutes after ADD, and the Pod is written down nowhere yet',
    kept: 'grace',
    now: { leases: [lease(2, 'pod', NEW)] },
  },
  {
    guard: 'grace-time',
    race: 'whereabouts#162, and the lease looks older than the boot, which is counted back from a clock that was set',
    kept: 'grace',
    now: { leases: [lease(2, 'pod', NEW)] },
    times: { bootTimeMs: NOW - MINUTE, clockStepped: false },
  },
  {
    guard: 'no-strangers',
    race: 'RunPodSandbox is held longer than the grace time, before the plugin sets the address',
    kept: 'unknown',
    now: { leases: [POD], namespaces: [UNFINISHED] },
  },
  {
    guard: 'no-strangers',
    race: 'a Pod in a namespace that nobody can look into',
    kept: 'unknown',
    now: { leases: [POD], namespaces: [{ inode: 5, pids: [9] }] },
  },
];

/** What both looks together say of the lease, and whether it would be given back. */
function outcome({ now, earlier = now, times }: Scenario, guards = GUARDS) {
  const last = look(now);
  const first = look({ takenAtMs: NOW - APART, ...earlier });
  const verdicts = judgeLeases(last, first, { graceMs: GRACE, nowMs: NOW, ...times }, guards);
  // By then the runtime answers: where it does not, releaseSteps refuses a second time.
  const answering = { ...last, runtime: { ...last.runtime, sandboxes: seen([]) } };
  const goes = releaseSteps(verdicts, answering).length > 0;
  return { state: verdicts[0]?.state, goes };
}

describe.each(SCENARIOS)('$guard: $race', (scenario) => {
  it('keeps the lease', () => {
    expect(outcome(scenario)).toEqual({ state: scenario.kept, goes: false });
  });

  it('alone: left out, the lease goes', () => {
    const others = GUARDS.filter(({ id }) => id !== scenario.guard);
    expect(others).toHaveLength(GUARDS.length - 1);
    expect(outcome(scenario, others)).toEqual({ state: 'leaked', goes: true });
  });
});

it('every guard has a lease that it alone keeps', () => {
  expect(new Set(SCENARIOS.map(({ guard }) => guard))).toEqual(new Set(GUARDS.map(({ id }) => id)));
});
