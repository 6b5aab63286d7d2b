import { unknown } from '../hosts/reading.ts';
import type { Judgement } from '../judging/finding.ts';
import { defineProblem } from '../judging/problem.ts';
import type { Lease, Sandbox } from '../leases/model.ts';
import { hasOwnAddress } from '../leases/sight.ts';
import { rangeFinder } from '../leases/usage.ts';
import type { Profile } from '../profiles/profile.ts';
import type { Leases } from '../snapshot/leases.ts';
import { nothingToJudge, severityOf } from './cni-lease-leak/judge.ts';

interface Facts {
  readonly pod: string;
  readonly ip: string;
  readonly path: string;
  /** The sandbox in whose name the address is held instead; empty where it is free to be handed out. */
  readonly heldFor: string;
}

function check({ leases }: { leases: Leases }, profile: Profile): readonly Judgement<Facts>[] {
  const nothing = nothingToJudge(leases, profile);
  if (nothing) return [nothing];
  const { sandboxes } = leases.look.runtime;
  if (!sandboxes.known) {
    const severity = sandboxes.reason === 'absent' ? 'info' : severityOf(sandboxes, profile);
    return [{ status: 'unknown', subject: '', severity, unknown: sandboxes, evidence: [] }];
  }
  const settled = sandboxes.value.filter((sandbox) => isSettled(sandbox, leases));
  const found = settled.flatMap(judgePod(leases));
  if (found.length > 0) return found;
  const { source } = sandboxes;
  if (settled.some(isUntold) && settled.every(({ hostNetwork }) => hostNetwork === undefined)) {
    const missing = unknown('not-collected', source, `${source} tells no Pod's address; look on the node itself`);
    return [{ status: 'unknown', subject: '', severity: 'info', unknown: missing, evidence: [] }];
  }
  return [{ status: 'ok', subject: '', evidence: [{ source, value: `${sandboxes.value.length} sandboxes` }] }];
}

/**
 * Leases are read before the runtime is asked: a Pod that was made meanwhile has one that was not seen. A minute is
 * beyond that for certain. A ready sandbox is listed when RunPodSandbox has ended, and then its lease is there: host-local
 * writes it at the beginning of ADD. Its age counts from just before ADD (containerd 1.6 and 1.7, where NewContainer
 * precedes setupPodNetwork) or from after it (2.0, StartSandbox): pkg/cri/server/sandbox_run.go. So one that is a minute
 * old when the look begins had its lease by then, unless its ADD stood still for a minute before the first plugin's work.
 */
const SETTLED_MS = 60_000;

function isSettled(sandbox: Sandbox, { times }: Leases): boolean {
  return hasOwnAddress(sandbox) && times.nowMs - sandbox.createdAt >= SETTLED_MS;
}

/** Nothing of its network is known, by the runtime or a lease: crictl's list has no addresses. */
function isUntold({ ips, hostNetwork }: Sandbox): boolean {
  return ips.length === 0 && hostNetwork === undefined;
}

/** Only addresses of a range that host-local hands out from, and whose directory could be read, should have a lease. */
function judgePod({ look }: Leases): (sandbox: Sandbox) => readonly Judgement<Facts>[] {
  const byIp = new Map<string, Lease[]>();
  for (const lease of look.leases) byIp.set(lease.ip, [...(byIp.get(lease.ip) ?? []), lease]);
  const networks = look.networks.flatMap(({ name, dataDir, ranges, readable }) =>
    ranges.known && readable.known ? [{ directory: `${dataDir}/${name}`, find: rangeFinder(ranges.value) }] : [],
  );
  return ({ id, namespace, name, ips, source }) =>
    ips.flatMap((ip): readonly Judgement<Facts>[] => {
      const home = networks.find(({ find }) => find(ip) !== undefined);
      const held = byIp.get(ip) ?? [];
      if (!home || held.some(({ containerId }) => containerId === id)) return [];
      const pod = `${namespace}/${name}`;
      const path = `${home.directory}/${ip}`;
      const facts: Facts = { pod, ip, path, heldFor: held[0]?.containerId ?? '' };
      const evidence = [
        { source, value: `${pod} ${id.slice(0, 13)} has ${ip}` },
        { source: path, value: facts.heldFor === '' ? 'no file' : facts.heldFor.slice(0, 13), wanted: id.slice(0, 13) },
      ];
      return [
        { status: 'problem', subject: ip, severity: held.length === 0 ? 'critical' : 'warning', facts, evidence },
      ];
    });
}

/** A running Pod's address that host-local believes free, or another's. */
export const cniLeaseMissing = defineProblem({
  id: 'cni-lease-missing',
  title: { en: "Running Pods' leases", 'zh-CN': '运行中 Pod 的租约' },
  needs: ['leases'],
  check,
  explain({ pod, ip, heldFor }) {
    return {
      title:
        heldFor === ''
          ? { en: `${ip} is used by ${pod} and held by no lease`, 'zh-CN': `${ip} 正被 ${pod} 使用，却没有租约` }
          : { en: `${ip} is used by ${pod} and held for another`, 'zh-CN': `${ip} 正被 ${pod} 使用，租约却属于别人` },
      cause: {
        en: 'The lease was deleted while its Pod ran: somebody cleared /var/lib/cni/networks by hand, or a script did at a start that Pods outlived (rancher#21348).',
        'zh-CN':
          'Pod 运行期间租约被删除：有人手工清空了 /var/lib/cni/networks，或启动脚本在 Pod 仍存活时清空了它（rancher#21348）。',
      },
      impact: {
        en: 'host-local will hand the address to the next Pod: two Pods with one address, each losing part of its connections.',
        'zh-CN': 'host-local 会把该地址分配给下一个 Pod：两个 Pod 同用一个地址，各自丢失一部分连接。',
      },
    };
  },
  prove: ({ path }) => `cat '${path.replaceAll("'", "'\\''")}'; crictl pods --state ready`,
  remedies: () => [],
});
