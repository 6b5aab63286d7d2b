import type { Evidence } from '../../judging/finding.ts';
import type { Bilingual } from '../../lang.ts';
import { unknownSeverity } from '../decide.ts';
import type { NodeLook } from '../model/nodes.ts';
import { type ClusterJudgement, type ClusterParts, defineClusterProblem } from '../problem.ts';
import { lastReboot, REBOOT_LOOP } from '../reboots.ts';
import { ageSeconds, clusterNow } from '../time.ts';
import { anyNode } from './node-unready/any-node.ts';
import { type NodeTrouble, troubleOf } from './node-unready/trouble.ts';

interface Facts {
  readonly node: string;
  readonly trouble:
    | NodeTrouble
    | { readonly kind: 'all' }
    | { readonly kind: 'none' }
    | { readonly kind: 'reboots'; readonly times: number; readonly minutes: number };
  /** RFC 3339: when it was first seen in another boot, where that was within the hour. */
  readonly rebooted?: string;
}

/** Chosen, not measured: servers with much memory and RAID controllers take minutes before a kubelet is back. */
const DEADLINE_SECONDS = 600;

type Parts = ClusterParts<'nodes' | 'ownNode'>;

function check(parts: Parts): readonly ClusterJudgement<Facts>[] {
  const { nodes, ownNode } = parts;
  const any = anyNode(parts);
  const seen = nodes.known ? nodes.value : ownNode.known ? [ownNode.value] : [];
  const members = seen.flatMap((node) => [judgeNode(node, parts), ...judgeReboots(node, parts)]);
  if (typeof any === 'object') {
    const severity = unknownSeverity(any);
    return [...members, { status: 'unknown', subject: '', severity, unknown: any, evidence: [] }];
  }
  if (any === 'good') {
    if (nodes.known) return members;
    return [...members, { status: 'unknown', subject: '', severity: 'info', unknown: nodes, evidence: [] }];
  }
  const evidence = seen.flatMap((node) => readyEvidence(node));
  const anew = seen.flatMap(({ name }) => lastReboot(parts.reboots, name) ?? []).sort();
  const facts = { node: '', trouble: { kind: seen.length > 0 ? 'all' : 'none' } } as const;
  return [found(facts, evidence, { since: noneSince(seen, parts), anew: anew.at(-1) }), ...members];
}

/** Since when no node is Ready: since the last of them is not. Undefined where one does not say. */
function noneSince(nodes: readonly NodeLook[], parts: Parts): string | undefined {
  const sinces = nodes.map((node) => troubleOf(node, clusterNow(parts))?.since);
  return sinces.includes(undefined) ? undefined : sinces.sort().at(-1);
}

function judgeNode(node: NodeLook, parts: Parts): ClusterJudgement<Facts> {
  const trouble = troubleOf(node, clusterNow(parts));
  const rebooted = lastReboot(parts.reboots, node.name);
  if (trouble === undefined) return { status: 'ok', subject: node.name, evidence: readyEvidence(node) };
  return {
    status: 'problem',
    subject: node.name,
    severity: trouble.kind === 'cordoned' || node.deletedAt !== undefined ? 'info' : 'warning',
    settles: {
      deadlineSeconds: DEADLINE_SECONDS,
      ...(trouble.since && { since: trouble.since }),
      ...(rebooted && { anew: rebooted }),
    },
    facts: { node: node.name, trouble, ...(rebooted && { rebooted }) },
    evidence: readyEvidence(node),
  };
}

function judgeReboots({ name, bootId }: NodeLook, parts: Parts): ClusterJudgement<Facts>[] {
  const times = parts.reboots[name] ?? [];
  const [first] = times;
  if (first === undefined || times.length < REBOOT_LOOP) return [];
  const minutes = Math.ceil((ageSeconds(first, clusterNow(parts)) ?? 0) / 60);
  const evidence = [{ source: `node ${name} bootID`, value: `${bootId}, before it ${times.length} others` }];
  const facts: Facts = { node: name, trouble: { kind: 'reboots', times: times.length, minutes } };
  return [{ status: 'problem', subject: `${name} reboots`, severity: 'warning', facts, evidence }];
}

function found(
  facts: Facts,
  evidence: readonly Evidence[],
  { since, anew }: { readonly since: string | undefined; readonly anew: string | undefined },
): ClusterJudgement<Facts> {
  const settles = { deadlineSeconds: DEADLINE_SECONDS, ...(since && { since }), ...(anew && { anew }) };
  return { status: 'problem', subject: '', severity: 'critical', settles, facts, evidence };
}

function readyEvidence(node: NodeLook): Evidence[] {
  const ready = node.conditions.find(({ type }) => type === 'Ready');
  const source = `node ${node.name} Ready`;
  const value = ready ? `${ready.status} ${ready.reason}: ${ready.message}`.slice(0, 200) : 'no such condition';
  const lease = node.leaseRenewedAt;
  return [
    { source, value, wanted: 'True' },
    ...(lease.known ? [{ source: `lease kube-node-lease/${node.name}`, value: `renewed ${lease.value}` }] : []),
  ];
}

/** A node is not Ready, or only says so; or none is. */
export const nodeUnready = defineClusterProblem({
  id: 'node-unready',
  title: { en: 'Nodes', 'zh-CN': '节点' },
  needs: ['nodes', 'ownNode'],
  check,
  explain({ node, trouble, rebooted }) {
    switch (trouble.kind) {
      case 'all':
        return {
          title: { en: 'No node is Ready', 'zh-CN': '没有就绪的节点' },
          cause: {
            en: 'Every node says, or is said, not to be Ready: a fault they share, as the CNI or a switched-off rack.',
            'zh-CN': '所有节点都未就绪：多为共同的故障，如 CNI 或整机柜断电。',
          },
          impact: { en: 'No Pod can be started anywhere.', 'zh-CN': '任何地方都无法启动 Pod。' },
        };
      case 'none':
        return {
          title: { en: 'The cluster has no nodes', 'zh-CN': '集群没有节点' },
          cause: {
            en: 'No kubelet has registered: the first node is still being installed, or cannot reach the API server.',
            'zh-CN': '没有 kubelet 注册：首个节点仍在安装，或无法访问 API server。',
          },
          impact: { en: 'No Pod can be started.', 'zh-CN': '无法启动 Pod。' },
        };
      case 'reboots':
        return {
          title: { en: `${node} reboots again and again`, 'zh-CN': `${node} 反复重启` },
          cause: {
            en: `Seen in another boot ${trouble.times} times in ${trouble.minutes} min: power, hardware, a watchdog, a kernel that panics, or an upgrade that starts over.`,
            'zh-CN': `${trouble.minutes} 分钟内重启 ${trouble.times} 次：电源、硬件、看门狗、内核崩溃，或升级反复重来。`,
          },
          impact: {
            en: 'What runs there stops each time, also while the node is called Ready in between.',
            'zh-CN': '每次重启其上的负载都会中断，即使其间节点显示 Ready。',
          },
        };
      default:
        return wordsOf(node, trouble, rebooted);
    }
  },
  prove: ({ node, trouble }) =>
    trouble.kind === 'reboots'
      ? `kubectl get node ${node} -o jsonpath='{.status.nodeInfo.bootID}'; last -x reboot`
      : `kubectl describe node ${node}`.trim(),
});

function wordsOf(node: string, { kind, detail }: NodeTrouble, rebooted: string | undefined) {
  const says = detail === '' ? '' : `: ${detail}`;
  const causes = {
    'not-ready': { en: `Its kubelet says that it is not ready${says}.`, 'zh-CN': `kubelet 报告未就绪${says}。` },
    network: {
      en: `Its Pod network is not up${says}. See hayward doctor on the node: CNI configuration, leases, forwarding.`,
      'zh-CN': `Pod 网络未就绪${says}。请在该节点上运行 hayward doctor：CNI 配置、租约、转发。`,
    },
    'not-heard': {
      en: `Its kubelet has not reported for longer than the cluster waits${says}: it is off, rebooting, or cut off from the API server.`,
      'zh-CN': `kubelet 超时未上报${says}：节点关机、正在重启，或与 API server 断开。`,
    },
    stale: {
      en: `It is called Ready, but its Lease was last renewed ${detail}: the kubelet is gone and nobody has marked the node, which is the controller manager's work.`,
      'zh-CN': `节点仍标记为 Ready，但其 Lease 最近一次续约在 ${detail}：kubelet 已失联，而本应由 controller manager 标记节点。`,
    },
    pressure: {
      en: `Its kubelet reports ${detail}: it evicts Pods and takes no new ones.`,
      'zh-CN': `kubelet 报告 ${detail}：正在驱逐 Pod，不接收新 Pod。`,
    },
    cordoned: {
      en: 'It was cordoned: by hand, or by an upgrade.',
      'zh-CN': '节点被封锁（cordon）：手工操作或升级所致。',
    },
  } as const;
  const ready = kind === 'cordoned' || kind === 'pressure';
  return {
    title: ready
      ? { en: `${node} takes no new Pods`, 'zh-CN': `${node} 不接收新 Pod` }
      : { en: `${node} is not ready`, 'zh-CN': `${node} 未就绪` },
    cause: rebooted === undefined ? causes[kind] : afterReboot(causes[kind], rebooted),
    impact: ready
      ? { en: 'What runs there goes on; room for new Pods is less.', 'zh-CN': '已有负载继续运行，新 Pod 的余量变少。' }
      : {
          en: 'After five minutes its Pods are evicted; VMs without shared storage stop. Other nodes go on.',
          'zh-CN': '五分钟后其 Pod 会被驱逐；没有共享存储的虚拟机停止。其他节点不受影响。',
        },
  };
}

function afterReboot(cause: Bilingual, rebooted: string): Bilingual {
  return {
    en: `${cause.en} It has rebooted: another boot was first seen at ${rebooted}.`,
    'zh-CN': `${cause['zh-CN']}节点已重启：${rebooted} 首次看到新的启动。`,
  };
}
