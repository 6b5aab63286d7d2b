import type { Judgement } from '../judging/finding.ts';
import { defineProblem } from '../judging/problem.ts';
import type { LeaseNetwork, LeaseVerdict } from '../leases/model.ts';
import { type SetUsage, usageOf } from '../leases/usage.ts';
import type { Profile } from '../profiles/profile.ts';
import type { Leases } from '../snapshot/leases.ts';
import { nothingToJudge, verdictsOf } from './cni-lease-leak/judge.ts';

interface Facts extends Pick<SetUsage, 'ranges' | 'capacity' | 'used' | 'leaked' | 'free'> {
  readonly network: string;
  readonly dataDir: string;
}

/** A twentieth of the range: fewer than a node's ordinary restarts of Pods may need at once. */
const NEARLY = 0.05;

function check({ leases }: { leases: Leases }, profile: Profile): readonly Judgement<Facts>[] {
  const nothing = nothingToJudge(leases, profile);
  if (nothing) return [nothing];
  const verdicts = verdictsOf(leases);
  return leases.look.networks.flatMap((network) => judgeNetwork(network, verdicts));
}

function judgeNetwork(network: LeaseNetwork, verdicts: readonly LeaseVerdict[]): readonly Judgement<Facts>[] {
  const { name, dataDir, ranges, readable } = network;
  const missing = ranges.known ? readable : ranges;
  if (!missing.known && (missing.reason !== 'absent' || !ranges.known)) {
    return [{ status: 'unknown', subject: name, severity: 'info', unknown: missing, evidence: [] }];
  }
  return usageOf(network, verdicts).map((usage): Judgement<Facts> => {
    const { capacity, used, free } = usage;
    const value = `${used} of ${capacity} held, ${free} free`;
    const evidence = [{ source: `${dataDir}/${name}`, value }];
    if (free > capacity * NEARLY) return { status: 'ok', subject: name, evidence };
    const facts: Facts = { ...usage, network: name, dataDir };
    return { status: 'problem', subject: name, severity: free === 0 ? 'critical' : 'warning', facts, evidence };
  });
}

/** A range of Pod addresses is full, or nearly. */
export const cniRangeExhausted = defineProblem({
  id: 'cni-range-exhausted',
  title: { en: 'Room for Pod addresses', 'zh-CN': 'Pod 地址余量' },
  needs: ['leases'],
  check,
  explain({ network, ranges, capacity, used, leaked, free }) {
    const range = ranges.join(', ');
    const others = used - leaked;
    return {
      title:
        free === 0
          ? { en: `${network} has no address left`, 'zh-CN': `${network} 的地址已耗尽` }
          : { en: `${network} has ${free} addresses left`, 'zh-CN': `${network} 只剩 ${free} 个地址` },
      cause: {
        en: `All but ${free} of the ${capacity} addresses of ${range} are held: ${leaked} leaked, ${others} in use or not certain. (host-local never hands out the gateway's.)`,
        'zh-CN': `${range} 共 ${capacity} 个可用地址，仅剩 ${free} 个：泄漏 ${leaked} 个，在用或不确定 ${others} 个。（host-local 不会分配网关地址。）`,
      },
      impact: {
        en: `New Pods on this node ${free === 0 ? 'stay' : 'will soon stay'} in ContainerCreating: "failed to allocate for range 0: no IP addresses available in range set: ${range}".`,
        'zh-CN': `本节点上的新 Pod ${free === 0 ? '会' : '很快会'}停在 ContainerCreating：“failed to allocate for range 0: no IP addresses available in range set: ${range}”。`,
      },
    };
  },
  prove: () => 'hayward leases',
  remedies: () => [],
});
