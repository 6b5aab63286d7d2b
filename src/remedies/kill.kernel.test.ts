import { existsSync, readdirSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RunReport } from './run-plan.ts';
import type { Step } from './step.ts';
import { makeTestBed, type TestBed } from './testing/test-bed.ts';

let bed: TestBed;
let plan: readonly Step[];

const MIXED = `
  cd /proc/sys/net
  echo 1 > ipv4/ip_forward; echo 0 > ipv4/ip_forward
  echo 1 > ipv4/conf/v0/forwarding; echo 0 > ipv4/conf/v1/accept_redirects
  ip link set dev br0 type bridge nf_call_iptables 0`;

beforeAll(() => {
  bed = makeTestBed();
  bed.shell('ip link add v0 type veth peer name v1; ip link add br0 type bridge');
  plan = [
    { kind: 'setting', key: 'net/ipv4/ip_forward', value: '1' },
    { kind: 'bridge-setting', bridge: 'br0', name: 'nf_call_iptables', value: '1' },
    { kind: 'file', path: `${bed.directory}/made/x.conf`, content: 'ours\n', mode: 0o600 },
  ];
});
afterAll(() => bed.remove());

/** Everything the plan may touch. */
function state(): object {
  return {
    settings: bed.settings(),
    bridge: bed.shell("ip -d link show dev br0 | grep -o 'nf_call_iptables [01]'"),
    files: readdirSync(bed.directory).filter((name) => name !== 'state'),
  };
}

/** Calls `attempt` with 1, 1 + stride … until it survives; returns how often it was killed. */
function killedAtMoments(
  stride: number,
  attempt: (dieAt: number) => RunReport | undefined,
  afterwards: () => void,
): number {
  for (let dieAt = 1, kills = 0; ; dieAt += stride, kills++) {
    bed.shell(MIXED);
    const survived = attempt(dieAt) !== undefined;
    afterwards();
    if (survived) return kills;
  }
}

it('undo takes everything back, at whatever moment the run was killed', () => {
  bed.shell(MIXED);
  const before = state();
  const kills = killedAtMoments(
    1,
    (dieAt) => bed.run(plan, { dieAt }),
    () => {
      expect(bed.undo()?.verified).toBe(true);
      expect(state()).toEqual(before);
    },
  );
  expect(kills).toBeGreaterThan(30);
});

it('the next fix completes a run, at whatever moment it was killed, and undo takes all of it back', () => {
  bed.shell(MIXED);
  const before = state();
  // Every third moment still falls before, into and after each write; the test above takes them all.
  killedAtMoments(
    3,
    (dieAt) => bed.run(plan, { dieAt }),
    () => {
      expect(bed.resume()?.verified).toBe(true);
      expect(bed.shell('cat /proc/sys/net/ipv4/ip_forward; ip -d link show dev br0')).toMatch(
        /^1\n(.|\n)*nf_call_iptables 1/,
      );
      expect(existsSync(`${bed.directory}/made/x.conf`)).toBe(true);
      expect(bed.undo()?.verified).toBe(true);
      expect(state()).toEqual(before);
    },
  );
});

it('an undo that was killed is completed by the next, at whatever moment', () => {
  bed.shell(MIXED);
  const before = state();
  killedAtMoments(
    2,
    (dieAt) => {
      expect(bed.run(plan)?.verified).toBe(true);
      return bed.undo({ dieAt });
    },
    () => {
      expect(bed.undo()?.verified).toBe(true);
      expect(state()).toEqual(before);
    },
  );
});
