import type { Remedy } from '../remedies/remedy.ts';
import type { Step } from '../remedies/step.ts';
import { parseAddress } from '../trace/address.ts';
import type { Lease, LeaseLook, LeaseVerdict } from './model.ts';

/**
 * How the leaked leases of a look are given back, by the owner wherever there is one: a dead sandbox that the runtime
 * still lists is stopped by it (CNI DEL, which takes the port mappings along); only a lease whose sandbox the runtime does
 * not know is removed as a file. Files first, for stopping a sandbox can fail on what has nothing to do with addresses.
 */
export function releaseSteps(verdicts: readonly LeaseVerdict[], { runtime }: LeaseLook): readonly Step[] {
  if (!runtime.sandboxes.known) return [];
  const dead = new Set(runtime.sandboxes.value.filter(({ state }) => state === 'notready').map(({ id }) => id));
  const leaked = verdicts.filter(({ state }) => state === 'leaked').map(({ lease }) => lease);
  const steps = leaked.sort(byAddress).map(({ path, containerId, ifName }): Step => {
    const base = { kind: 'release-lease', path, containerId, ifName } as const;
    return dead.has(containerId) ? { ...base, runtime: { socket: runtime.socket } } : base;
  });
  const byFile = (step: Step) => step.kind === 'release-lease' && step.runtime === undefined;
  return [...steps.filter(byFile), ...steps.filter((step) => !byFile(step))];
}

/** The remedy of a running node. Judged a second time just before it is carried out: one listing proves too little. */
export function reclaimNow(verdicts: readonly LeaseVerdict[], look: LeaseLook): Remedy | undefined {
  const steps = releaseSteps(verdicts, look);
  if (steps.length === 0) return undefined;
  return {
    id: 'reclaim-now',
    summary: {
      en: `Give ${steps.length} leaked ${steps.length === 1 ? 'address' : 'addresses'} back; nothing is restarted`,
      'zh-CN': `归还 ${steps.length} 个泄漏的地址，无需重启任何服务`,
    },
    risk: 'low',
    scope: 'now',
    judgeAgain: true,
    independent: true,
    steps,
  };
}

function byAddress(a: Lease, b: Lease): number {
  const [one, other] = [parseAddress(a.ip), parseAddress(b.ip)];
  if (!one || !other || one.width !== other.width) return a.path < b.path ? -1 : 1;
  return one.value < other.value ? -1 : 1;
}
