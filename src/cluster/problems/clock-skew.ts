import { type ClusterJudgement, type ClusterParts, defineClusterProblem } from '../problem.ts';
import { clusterNow, secondsBetween } from '../time.ts';

interface Facts {
  /** The node whose clock is ahead; empty: the machine that looked. */
  readonly node: string;
  /** Seconds it is ahead of the API server's clock; below zero: behind. */
  readonly seconds: number;
}

/** HTTP's Date has whole seconds and an answer takes time: less says nothing. Certificates begin to fail beyond a minute. */
const LIMIT_SECONDS = 5;

type Parts = ClusterParts<'nodes' | 'ownNode'>;

function check(parts: Parts): readonly ClusterJudgement<Facts>[] {
  const { takenAt, serverClock, nodes, ownNode } = parts;
  if (!serverClock.known) {
    return [{ status: 'unknown', subject: '', severity: 'info', unknown: serverClock, evidence: [] }];
  }
  const here = (Date.parse(takenAt) - Date.parse(serverClock.value)) / 1000;
  const seen = nodes.known ? nodes.value : ownNode.known ? [ownNode.value] : [];
  const now = clusterNow(parts);
  const ofNodes = seen.flatMap(({ name, leaseRenewedAt, leaseReadAt }) => {
    if (!leaseRenewedAt.known) return [];
    // A Lease renewed while the look was under way is not of the future; one renewed a while ago says nothing of its clock.
    const read = now + Math.max(0, secondsBetween(takenAt, leaseReadAt)) * 1000;
    const ahead = Math.max(0, (Date.parse(leaseRenewedAt.value) - read) / 1000);
    return [judge(name, ahead, `lease kube-node-lease/${name}`)];
  });
  return [judge('', here, serverClock.source), ...ofNodes];
}

function judge(node: string, seconds: number, source: string): ClusterJudgement<Facts> {
  const evidence = [{ source, value: `${seconds.toFixed(1)} s` }];
  if (!(Math.abs(seconds) > LIMIT_SECONDS)) return { status: 'ok', subject: node, evidence };
  return { status: 'problem', subject: node, severity: 'warning', facts: { node, seconds }, evidence };
}

/** A clock is apart from the API server's: this machine's, or that of a node whose Lease was renewed in the future. */
export const clockSkew = defineClusterProblem({
  id: 'clock-skew',
  title: { en: 'Clocks', 'zh-CN': '时钟' },
  needs: ['nodes', 'ownNode'],
  check,
  explain({ node, seconds }) {
    const text = Math.abs(seconds).toFixed(0);
    const ahead = seconds > 0;
    return {
      title: {
        en: `${node || "This machine's clock"} is ${text} s ${ahead ? 'ahead of' : 'behind'} the API server`,
        'zh-CN': `${node || '本机时钟'}比 API server ${ahead ? '快' : '慢'} ${text} 秒`,
      },
      cause: {
        en: 'No time service holds the two together.',
        'zh-CN': '没有时间服务让两者保持一致。',
      },
      impact: {
        en: 'Certificates and tokens made on one side are "not yet valid" or expired on the other; etcd and leases lose their leaders.',
        'zh-CN': '一方签发的证书和令牌在另一方 “not yet valid” 或已过期；etcd 与租约反复换主。',
      },
    };
  },
  prove: () => 'date -u; timedatectl show -p NTPSynchronized; chronyc tracking',
});
