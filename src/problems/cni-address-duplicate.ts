import { FIRST_INTERFACE } from '../hosts/lease-holders.ts';
import type { Evidence, Judgement } from '../judging/finding.ts';
import { defineProblem } from '../judging/problem.ts';
import type { Lease, LeaseLook } from '../leases/model.ts';
import { hasOwnAddress } from '../leases/sight.ts';
import { rangeFinder } from '../leases/usage.ts';
import type { Profile } from '../profiles/profile.ts';
import type { Leases } from '../snapshot/leases.ts';
import { nothingToJudge, severityOf, verdictsOf } from './cni-lease-leak/judge.ts';

interface Facts {
  readonly ip: string;
  /** Two Pods use it now; otherwise two leases only claim it. */
  readonly inUse: boolean;
  readonly holders: readonly string[];
}

interface Holder {
  readonly name: string;
  readonly source: string;
}

function check({ leases }: { leases: Leases }, profile: Profile): readonly Judgement<Facts>[] {
  const nothing = nothingToJudge(leases, profile);
  if (nothing) return [nothing];
  const pods = usedTwice(leases.look);
  const claims = claimedTwice(leases).filter(([ip]) => !pods.some(([other]) => other === ip));
  const found = [
    ...pods.map(([ip, holders]) => duplicate(ip, holders, true)),
    ...claims.map(([ip, holders]) => duplicate(ip, holders, false)),
  ];
  if (found.length > 0) return found;
  const { sandboxes } = leases.look.runtime;
  if (!sandboxes.known) {
    const severity = sandboxes.reason === 'absent' ? 'info' : severityOf(sandboxes, profile);
    return [{ status: 'unknown', subject: '', severity, unknown: sandboxes, evidence: [] }];
  }
  const value = `${leases.look.leases.length} leases`;
  return [{ status: 'ok', subject: '', evidence: [{ source: sandboxes.source, value }] }];
}

function duplicate(ip: string, holders: readonly Holder[], inUse: boolean): Judgement<Facts> {
  const evidence = holders.map(({ name, source }): Evidence => ({ source, value: name }));
  const facts: Facts = { ip, inUse, holders: holders.map(({ name }) => name) };
  return { status: 'problem', subject: ip, severity: inUse ? 'critical' : 'warning', facts, evidence };
}

type Twice = readonly (readonly [ip: string, holders: readonly Holder[]])[];

/** Addresses of two running Pods, by the runtime's word; or of two namespaces, within the ranges handed out here. */
function usedTwice(look: LeaseLook): Twice {
  const { sandboxes, foreignNamespaces } = look.runtime;
  const further = new Set(look.leases.filter(isFurther).map(({ ip }) => ip));
  const finders = look.networks.flatMap(({ ranges }) => (ranges.known ? [rangeFinder(ranges.value)] : []));
  const isHandedOut = (ip: string) => !further.has(ip) && finders.some((find) => find(ip) !== undefined);
  const pods = (sandboxes.known ? sandboxes.value.filter(hasOwnAddress) : []).flatMap(
    ({ namespace, name, ips, source }) => ips.map((ip) => [ip, { name: `${namespace}/${name}`, source }] as const),
  );
  // Of processes whose namespace the kernel does not name, two may well live in the same one.
  const named = foreignNamespaces.known ? foreignNamespaces.value.filter(({ inode }) => inode > 0) : [];
  const insides = named.flatMap(({ path, pids, addresses }) => {
    const where = path ?? `/proc/${pids[0] ?? 0}/ns/net`;
    return (addresses ?? []).filter(isHandedOut).map((ip) => [ip, { name: where, source: where }] as const);
  });
  const found = new Map([...twiceIn(insides), ...twiceIn(pods)]);
  return [...found];
}

/** Further networks of a Pod (net1 …) may be isolated and use equal ranges. */
function isFurther({ ifName, legacy }: Lease): boolean {
  return !legacy && ifName !== FIRST_INTERFACE;
}

/** Addresses that two networks' directories hold for Pods' first interfaces; what leaked claims nothing. */
function claimedTwice(leases: Leases): Twice {
  const held = verdictsOf(leases).filter(({ state, lease }) => state !== 'leaked' && !isFurther(lease));
  const named = held.filter(({ lease }) => lease.containerId !== '');
  return twiceIn(
    named.map(({ lease }) => [lease.ip, { name: lease.containerId.slice(0, 13), source: lease.path }] as const),
  );
}

function twiceIn(pairs: readonly (readonly [string, Holder])[]): Twice {
  const found = new Map<string, Holder[]>();
  for (const [ip, holder] of pairs) found.set(ip, [...(found.get(ip) ?? []), holder]);
  return [...found].filter(([, holders]) => new Set(holders.map(({ name }) => name)).size > 1);
}

/** One address, two holders. */
export const cniAddressDuplicate = defineProblem({
  id: 'cni-address-duplicate',
  title: { en: 'Addresses held once', 'zh-CN': '地址不重复' },
  needs: ['leases'],
  check,
  explain({ ip, inUse, holders }) {
    const both = holders.join(', ');
    return {
      title: inUse
        ? { en: `${ip} is used twice`, 'zh-CN': `${ip} 被重复使用` }
        : { en: `${ip} is held twice`, 'zh-CN': `${ip} 被重复占用` },
      cause: inUse
        ? {
            en: `${both} both have it. host-local hands an address out again when its lease was deleted while the Pod ran.`,
            'zh-CN': `${both} 同时拥有该地址。Pod 运行期间租约被删除后，host-local 会再次分配该地址。`,
          }
        : {
            en: `Leases of two networks hold it, for ${both}: their ranges overlap, as after the CNI's network was renamed.`,
            'zh-CN': `两个网络的租约都占用了它（${both}）：两者地址范围重叠，例如 CNI 网络改名之后。`,
          },
      impact: {
        en: 'Connections to one Pod end at the other, or nowhere: refused, reset or timed out now and then.',
        'zh-CN': '发往其中一个 Pod 的连接会到达另一个，或者无处可达：时而被拒绝、重置或超时。',
      },
    };
  },
  prove: ({ ip }) => `crictl pods -q --state ready | xargs -n1 crictl inspectp | grep -n '"ip": "${ip}"'`,
  remedies: () => [],
});
