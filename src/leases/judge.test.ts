import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { idOf, lease, look, MINUTE, NOW, sandbox } from '../../test/lease-looks.ts';
import { seen } from '../../test/parts.ts';
import { unknown } from '../hosts/reading.ts';
import { judgeLeases } from './judge.ts';
import type { JudgeLeasesOptions, LeaseLook } from './model.ts';

const GRACE = 10 * MINUTE;
const YEARS = 20 * 365 * 24 * 60 * MINUTE;

function states(now: LeaseLook, earlier?: LeaseLook, options: Partial<JudgeLeasesOptions> = {}): string[] {
  return judgeLeases(now, earlier, { graceMs: GRACE, nowMs: NOW, ...options }).map(({ state }) => state);
}

function reasons(now: LeaseLook, options: Partial<JudgeLeasesOptions> = {}): string {
  const [verdict] = judgeLeases(now, undefined, { graceMs: GRACE, nowMs: NOW, ...options });
  return verdict?.why.map(({ en }) => en).join('; ') ?? '';
}

const silent = unknown('absent', '/run/containerd/containerd.sock', 'no runtime listens');

describe('one look', () => {
  it('calls leaked what the runtime does not know and nothing uses', () => {
    const now = look({ leases: [lease(2, 'a'), lease(3, 'b')], sandboxes: [sandbox('a')] });
    expect(states(now)).toEqual(['live', 'leaked']);
  });

  it('holds back what is younger than the grace time: the runtime lists a sandbox when RunPodSandbox ends', () => {
    const held5Minutes = lease(2, 'slow', { mtime: NOW - 5 * MINUTE });
    expect(states(look({ leases: [held5Minutes] }))).toEqual(['grace']);
    expect(states(look({ leases: [lease(2, 'old', { mtime: NOW - GRACE })] }))).toEqual(['leaked']);
  });

  it('calls the lease of a dead sandbox leaked, and says whose it is to give back', () => {
    const now = look({ leases: [lease(2, 'a')], sandboxes: [sandbox('a', { state: 'notready' })] });
    expect(states(now)).toEqual(['leaked']);
    expect(reasons(now)).toContain('the runtime gives the address back');
  });

  it("believes a sandbox's shim over the runtime", () => {
    const now = look({
      leases: [lease(2, 'a'), lease(3, 'b'), lease(4, 'c')],
      sandboxes: [sandbox('b'), sandbox('c', { state: 'notready' })],
      shims: [
        { pid: 7, containerId: idOf('a') },
        { pid: 8, containerId: idOf('c') },
      ],
    });
    expect(states(now)).toEqual(['live', 'live', 'live']);
  });

  it.each([
    ['a namespace', { namespaces: [{ inode: 5, pids: [9], addresses: ['10.52.0.2'] }] }],
    ['an interface or a route of the host', { runtime: { hostAddresses: seen(new Map([['10.52.0.2', 'cali1']])) } }],
    ["another Pod, by the runtime's word", { sandboxes: [sandbox('other', { ips: ['10.52.0.2'] })] }],
  ])('keeps an address that is used by %s', (_, more) => {
    expect(states(look({ leases: [lease(2, 'gone')], ...more }))).toEqual(['live']);
  });

  it('knows nothing where the runtime does not answer', () => {
    const now = look({ leases: [lease(2, 'a')], runtime: { sandboxes: silent } });
    expect(states(now)).toEqual(['unknown']);
    expect(reasons(now)).toContain('could not be asked: no runtime listens');
  });

  it('knows nothing where the runtime was stopped by hand, and names the danger', () => {
    const now = look({
      leases: [lease(2, 'a'), lease(3, 'b')],
      shims: [{ pid: 7, containerId: idOf('b') }],
      runtime: { sandboxes: silent },
    });
    expect(states(now)).toEqual(['unknown', 'live']);
    expect(reasons(now)).toContain('would hand their addresses out twice');
  });

  it('knows nothing where the runtime lists no sandbox while shims run', () => {
    expect(states(look({ leases: [lease(2, 'a')], shims: [{ pid: 7 }] }))).toEqual(['unknown']);
  });

  it.each(['shims', 'foreignNamespaces', 'hostAddresses'] as const)(
    'knows nothing where %s could not be seen',
    (part) => {
      const now = look({ leases: [lease(2, 'a')], runtime: { [part]: unknown('denied', '/proc', 'not allowed') } });
      expect(states(now)).toEqual(['unknown']);
    },
  );

  it.each([
    ['of a CNI runtime without an address', { inode: 5, path: '/run/netns/cni-1', pids: [], addresses: [] }, 'unknown'],
    ['nobody could look into', { inode: 5, pids: [9] }, 'unknown'],
    ['of a service of its own, without an address', { inode: 5, pids: [9], addresses: [] }, 'leaked'],
    ['with another address', { inode: 5, path: '/run/netns/cni-1', pids: [], addresses: ['10.52.0.9'] }, 'leaked'],
  ])('beside a namespace %s', (_, namespace, state) => {
    expect(states(look({ leases: [lease(2, 'a')], namespaces: [namespace] }))).toEqual([state]);
  });

  it('tells an empty file from one that may not be read and from one of somebody else', () => {
    const empty = lease(2, '', { containerId: '', ifName: '', size: 0 });
    const note = lease(3, '', { containerId: '', ifName: '', size: 15 });
    expect(states(look({ leases: [empty, note] }))).toEqual(['leaked', 'unknown']);
    expect(reasons(look({ leases: [note] }))).toContain("somebody else's");
  });

  it('does not trust a file of the future', () => {
    const future = look({ leases: [lease(2, 'a', { mtime: NOW + YEARS })] });
    expect(states(future)).toEqual(['grace']);
    expect(reasons(future)).toContain('age cannot be told');
  });

  it('does not trust the age of any file where the clock was set since boot', () => {
    const now = look({ leases: [lease(2, 'a', { mtime: NOW - YEARS })] });
    expect(states(now, undefined, { clockStepped: true })).toEqual(['grace']);
    expect(states(now, undefined, { clockStepped: false })).toEqual(['leaked']);
  });

  it('never lets "older than this boot" stand alone', () => {
    const old = lease(2, 'a', { mtime: NOW - 5 * MINUTE });
    const times = { bootTimeMs: NOW - MINUTE, clockStepped: false };
    expect(states(look({ leases: [old] }), undefined, times)).toEqual(['grace']);
    expect(states(look({ leases: [old], sandboxes: [sandbox('a')] }), undefined, times)).toEqual(['live']);
  });
});

describe('two looks', () => {
  const gone = lease(2, 'gone');
  const then = (more: Parameters<typeof look>[0] = {}) =>
    look({ leases: [gone], takenAtMs: NOW - 2 * MINUTE, ...more });

  it('agree on what leaked', () => {
    expect(states(look({ leases: [gone] }), then())).toEqual(['leaked']);
  });

  it.each([
    ['was not there', then({ leases: [] })],
    ["was another's", then({ leases: [lease(2, 'other')] })],
    ['was written again', then({ leases: [{ ...gone, mtime: gone.mtime - 1 }] })],
    ['had a running sandbox', then({ sandboxes: [sandbox('gone')] })],
    ['was in use', then({ namespaces: [{ inode: 5, pids: [9], addresses: ['10.52.0.2'] }] })],
  ])('hold back a lease that %s at the first', (_, earlier) => {
    expect(states(look({ leases: [gone] }), earlier)).toEqual(['grace']);
  });

  it('know nothing where the first could not see', () => {
    expect(states(look({ leases: [gone] }), then({ runtime: { sandboxes: silent } }))).toEqual(['unknown']);
  });

  it('count the time between them as age, whatever clocks say', () => {
    const leases = [lease(2, 'gone', { mtime: NOW + YEARS })];
    const now = look({ leases });
    const apart = (ms: number): LeaseLook => look({ leases, takenAtMs: NOW - ms });
    expect(states(now, apart(GRACE - 1), { clockStepped: true })).toEqual(['grace']);
    expect(states(now, apart(GRACE), { clockStepped: true })).toEqual(['leaked']);
  });

  it('tell a lease whose age no clock tells from one that is young', () => {
    const leases = [lease(2, 'gone', { mtime: NOW + YEARS }), lease(3, 'young', { mtime: NOW })];
    const verdicts = judgeLeases(look({ leases }), undefined, { graceMs: GRACE, nowMs: NOW });
    expect(verdicts.map(({ state, ageUntold }) => [state, ageUntold])).toEqual([
      ['grace', true],
      ['grace', undefined],
    ]);
  });

  it('count it by what the node was up, and as nothing where that is not told or it booted between them', () => {
    const leases = [lease(2, 'gone')];
    const now = look({ leases });
    const earlier = look({ leases, takenAtMs: NOW - GRACE });
    const { uptimeMs: _, ...untold } = earlier;
    const stepped = { clockStepped: true };
    expect(states(now, { ...earlier, takenAtMs: NOW - YEARS }, stepped)).toEqual(['leaked']);
    expect(states(now, untold, stepped)).toEqual(['grace']);
    expect(states(now, { ...earlier, uptimeMs: (now.uptimeMs ?? 0) + 1 }, stepped)).toEqual(['grace']);
  });

  it('pass over a namespace that was made between them, and none that was there', () => {
    const stranger = { inode: 5, path: '/run/netns/cni-1', pids: [], addresses: [] };
    const now = look({ leases: [gone], namespaces: [stranger] });
    expect(states(now, then())).toEqual(['leaked']);
    expect(states(now, then({ namespaces: [stranger] }))).toEqual(['unknown']);
    const blind = then({ runtime: { foreignNamespaces: unknown('denied', '/proc', 'not allowed') } });
    expect(states(now, blind)).toEqual(['unknown']);
  });
});

it('never calls leaked what a sandbox, a shim or a namespace holds, in any mixture of looks', () => {
  const words = ['a', 'b', 'c', 'd'];
  const some = fc.subarray(words);
  fc.assert(
    fc.property(
      some,
      some,
      some,
      fc.integer({ min: -2, max: 30 }),
      fc.boolean(),
      (ready, shims, used, age, stepped) => {
        const leases = words.map((word, nth) => lease(nth + 2, word, { mtime: NOW - age * MINUTE }));
        const now = look({
          leases,
          sandboxes: ready.map((word) => sandbox(word)),
          shims: shims.map((word, nth) => ({ pid: nth + 1, containerId: idOf(word) })),
          namespaces: used.map((word, nth) => ({
            inode: nth + 1,
            pids: [nth + 1],
            addresses: [`10.52.0.${words.indexOf(word) + 2}`],
          })),
        });
        const held = new Set([...ready, ...shims, ...used]);
        const found = states(now, undefined, { clockStepped: stepped });
        for (const [nth, word] of words.entries()) {
          if (held.has(word)) expect(found[nth]).toBe('live');
          else if (age < 10 || stepped) expect(found[nth]).not.toBe('leaked');
        }
      },
    ),
  );
});
