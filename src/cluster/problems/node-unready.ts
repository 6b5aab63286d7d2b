import type { Evidence } from '../../judging/finding.ts';
import { unknownSeverity } from '../decide.ts';
import type { NodeLook } from '../model/nodes.ts';
import { type ClusterJudgement, type ClusterParts, defineClusterProblem } from '../problem.ts';
import { clusterNow } from '../time.ts';
import { anyNode } from './node-unready/any-node.ts';
import { type NodeTrouble, troubleOf } from './node-unready/trouble.ts';

interface Facts {
  readonly node: string;
  readonly trouble: NodeTrouble | { readonly kind: 'all' } | { readonly kind: 'none' };
}

/** Chosen, not measured: servers with much memory and RAID controllers take minutes before a kubelet is back. */
const DEADLINE_SECONDS = 600;

type Parts = ClusterParts<'nodes' | 'ownNode'>;

function check(parts: Parts): readonly ClusterJudgement<Facts>[] {
  const { nodes, ownNode } = parts;
  const any = anyNode(parts);
  const seen = nodes.known ? nodes.value : ownNode.known ? [ownNode.value] : [];
  const now = clusterNow(parts);
  const members = seen.map((node) => judgeNode(node, now));
  if (typeof any === 'object') {
    const severity = unknownSeverity(any);
    return [...members, { status: 'unknown', subject: '', severity, unknown: any, evidence: [] }];
  }
  if (any === 'good') {
    if (nodes.known) return members;
    return [...members, { status: 'unknown', subject: '', severity: 'info', unknown: nodes, evidence: [] }];
  }
  const evidence = seen.flatMap((node) => readyEvidence(node));
  return [found('', { node: '', trouble: { kind: seen.length > 0 ? 'all' : 'none' } }, evidence), ...members];
}

function judgeNode(node: NodeLook, now: number): ClusterJudgement<Facts> {
  const trouble = troubleOf(node, now);
  if (trouble === undefined) return { status: 'ok', subject: node.name, evidence: readyEvidence(node) };
  return {
    status: 'problem',
    subject: node.name,
    severity: trouble.kind === 'cordoned' || node.deletedAt !== undefined ? 'info' : 'warning',
    settles: { deadlineSeconds: DEADLINE_SECONDS, ...(trouble.since && { since: trouble.since }) },
    facts: { node: node.name, trouble },
    evidence: readyEvidence(node),
  };
}

function found(subject: string, facts: Facts, evidence: readonly Evidence[]): ClusterJudgement<Facts> {
  const settles = { deadlineSeconds: DEADLINE_SECONDS };
  return { status: 'problem', subject, severity: 'critical', settles, facts, evidence };
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
  explain({ node, trouble }) {
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
      default:
        return wordsOf(node, trouble);
    }
  },
  prove: ({ node }) => `kubectl describe node ${node}`.trim(),
});

function wordsOf(node: string, { kind, detail }: NodeTrouble) {
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
    cause: causes[kind],
    impact: ready
      ? { en: 'What runs there goes on; room for new Pods is less.', 'zh-CN': '已有负载继续运行，新 Pod 的余量变少。' }
      : {
          en: 'After five minutes its Pods are evicted; VMs without shared storage stop. Other nodes go on.',
          'zh-CN': '五分钟后其 Pod 会被驱逐；没有共享存储的虚拟机停止。其他节点不受影响。',
        },
  };
}
