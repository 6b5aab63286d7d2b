import type { Reading } from '../../hosts/reading.ts';
import type { Listener } from '../../snapshot/listeners.ts';
import { type ClusterJudgement, type ClusterParts, defineClusterProblem } from '../problem.ts';
import { minorOf } from '../versions.ts';
import { vipState } from '../vip-state.ts';
import { type Port, portsFor } from './port-conflict/ports.ts';

interface Facts {
  readonly port: Port;
  readonly by: string;
  /** kube-vip of this Harvester goes on without its metrics (0.9.2, v1.7). */
  readonly harmless: boolean;
}

type Parts = ClusterParts<'listeners' | 'managementAddress' | 'vantage' | 'harvesterVersion' | 'ownNode'>;

function check(parts: Parts): readonly ClusterJudgement<Facts>[] {
  const { listeners, managementAddress, harvesterVersion, ownNode } = parts;
  if (!listeners.known) {
    if (listeners.reason === 'not-collected' || listeners.reason === 'absent') {
      return [{ status: 'not-applicable', subject: '', why: listeners.detail, evidence: [] }];
    }
    return [{ status: 'unknown', subject: '', severity: 'info', unknown: listeners, evidence: [] }];
  }
  const ports = portsFor({
    vip: managementAddress.address.known,
    dhcp: managementAddress.configured.known && managementAddress.configured.value.mode === 'dhcp',
    rke2: ownNode.known && ownNode.value.kubeletVersion.includes('+rke2'),
  });
  const judged = { listeners, harvester: harvesterVersion, vipDown: vipState(parts) === 'bad' };
  return ports.map((port) => judge(port, judged));
}

interface Seen {
  readonly listeners: Extract<Parts['listeners'], { known: true }>;
  readonly harvester: Reading<string>;
  /** Then what takes one of its ports is the cause, and decides with it. */
  readonly vipDown: boolean;
}

function judge(port: Port, { listeners, harvester, vipDown }: Seen): ClusterJudgement<Facts> {
  const subject = `${port.protocol}/${port.port}`;
  const there = listeners.value.filter((one) => one.protocol === port.protocol && one.port === port.port);
  const evidence = there.map((one) => ({
    source: listeners.source,
    value: text(one),
    wanted: port.programs.join(' or '),
  }));
  const wrong = there.find(({ program }) => program !== '' && !port.programs.includes(program));
  if (wrong) {
    const harmless = port.port === 2112 && harvester.known && (minorOf(harvester.value) ?? 0) >= 7;
    const facts = { port, by: wrong.program, harmless };
    return {
      status: 'problem',
      subject,
      severity: harmless ? 'info' : vipDown && port.ofVip ? 'critical' : 'warning',
      facts,
      evidence,
    };
  }
  if (there.some(({ program }) => program === '' && port.programs.length > 0)) {
    const detail = `who listens on ${subject} cannot be seen: that takes root`;
    const unknown = { known: false, reason: 'denied', detail, source: listeners.source } as const;
    return { status: 'unknown', subject, severity: 'info', unknown, evidence };
  }
  return { status: 'ok', subject, evidence };
}

function text({ address, program, pid }: Listener): string {
  return `${address} ${program || '?'}${pid === undefined ? '' : ` (${pid})`}`;
}

/** A port the cluster needs on this node is taken by something else. */
export const portConflict = defineClusterProblem({
  id: 'port-conflict',
  title: { en: 'Ports of the cluster', 'zh-CN': '集群所用端口' },
  needs: ['listeners', 'managementAddress', 'vantage', 'harvesterVersion', 'ownNode'],
  check,
  explain: ({ port: { port, protocol, owner, without }, by, harmless }) => ({
    title: {
      en: `${by} has port ${port}/${protocol}, needed by ${owner.en}`,
      'zh-CN': `${by} 占用了 ${owner['zh-CN']} 所需的 ${port}/${protocol}`,
    },
    cause: {
      en: `Two programs of one node cannot listen on ${port}/${protocol}; ${by} was first.`,
      'zh-CN': `同一节点上两个程序不能同时监听 ${port}/${protocol}，${by} 先占用了。`,
    },
    impact: harmless
      ? { en: 'This kube-vip goes on, without its metrics.', 'zh-CN': '该版本的 kube-vip 会继续运行，只是没有指标。' }
      : without,
  }),
  prove: ({ port: { port, protocol } }) => `ss -l${protocol === 'tcp' ? 't' : 'u'}np 'sport = :${port}'`,
});
