import type { Reading } from '../hosts/reading.ts';
import type { Judgement } from '../judging/finding.ts';
import { defineProblem } from '../judging/problem.ts';

/** A node's clock against the observer's, in seconds. */
export interface NodeClock {
  readonly target: string;
  readonly offset: Reading<number>;
}

interface Facts {
  readonly kind: 'apart' | 'not-synchronised';
  readonly seconds: number;
  readonly other: string;
}

/** etcd warns of more than one second between its members; one more for what a measurement through ssh can be off. */
const LIMIT_SECONDS = 2;

/** Beyond it certificates and tokens made on one node are not yet, or no longer, valid on another. */
const CRITICAL_SECONDS = 60;

/** The node the others are measured by: that in the middle (the earlier of two), so that one wrong clock is named, not all others. */
function reference(clocks: readonly NodeClock[]): { target: string; seconds: number } | undefined {
  const sorted = clocks
    .flatMap(({ target, offset }) => (offset.known ? [{ target, seconds: offset.value }] : []))
    .sort((a, b) => a.seconds - b.seconds);
  return sorted[Math.floor((sorted.length - 1) / 2)];
}

/** Clocks that are apart between the hosts of one installation. */
export function clockSkew(clocks: readonly NodeClock[]) {
  const middle = reference(clocks);
  return defineProblem({
    id: 'clock-skew',
    title: { en: 'Clocks', 'zh-CN': '时钟' },
    needs: ['timeSync'],
    check({ timeSync: { offsetSeconds, synchronized } }): readonly Judgement<Facts>[] {
      if (!offsetSeconds.known) {
        return [{ status: 'unknown', subject: '', severity: 'warning', unknown: offsetSeconds, evidence: [] }];
      }
      const apart = middle ? offsetSeconds.value - middle.seconds : 0;
      const other = middle?.target ?? '';
      const value = `${apart.toFixed(1)} s from ${other}`;
      const evidence = [{ source: offsetSeconds.source, value }];
      if (Math.abs(apart) > LIMIT_SECONDS) {
        const severity = Math.abs(apart) > CRITICAL_SECONDS ? 'critical' : 'warning';
        return [
          { status: 'problem', subject: '', severity, evidence, facts: { kind: 'apart', seconds: apart, other } },
        ];
      }
      if (synchronized.known && !synchronized.value) {
        const facts = { kind: 'not-synchronised', seconds: apart, other } as const;
        const seen = [{ source: synchronized.source, value: 'no', wanted: 'yes' }];
        return [{ status: 'problem', subject: '', severity: 'info', evidence: [...seen, ...evidence], facts }];
      }
      return [{ status: 'ok', subject: '', evidence }];
    },
    explain: ({ kind, seconds, other }) =>
      kind === 'apart' ? explainApart(Math.abs(seconds).toFixed(1), seconds > 0, other) : NOT_SYNCHRONISED,
    prove: () => 'date -u; timedatectl show -p NTPSynchronized; chronyc tracking',
    remedies: () => [],
  });
}

function explainApart(seconds: string, ahead: boolean, other: string) {
  return {
    title: {
      en: `The clock is ${seconds} s ${ahead ? 'ahead of' : 'behind'} ${other}`,
      'zh-CN': `时钟比 ${other} ${ahead ? '快' : '慢'} ${seconds} 秒`,
    },
    cause: {
      en: 'No time service keeps the nodes together, and no installer compares their clocks.',
      'zh-CN': '没有时间服务让各节点保持一致，安装程序也不会比较各节点的时间。',
    },
    impact: {
      en: 'etcd complains of clock drift; with more of it a new certificate is "not yet valid" on another node and joining fails.',
      'zh-CN': 'etcd 报时钟漂移；偏差更大时，新签发的证书在其他节点上 “not yet valid”，节点加入失败。',
    },
  };
}

const NOT_SYNCHRONISED = {
  title: { en: 'The clock is not synchronised', 'zh-CN': '时钟未同步' },
  cause: {
    en: 'The clocks agree at this moment, but the time service says that it is not synchronised.',
    'zh-CN': '各节点此刻一致，但时间服务报告尚未同步。',
  },
  impact: { en: 'The nodes will drift apart.', 'zh-CN': '各节点时间会逐渐偏离。' },
};
