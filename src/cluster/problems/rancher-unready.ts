import type { Severity } from '../../judging/finding.ts';
import { outcomeText, servesAt } from '../api-state.ts';
import type { ManagedChart, OwnPod, Part } from '../model/parts.ts';
import { type ClusterJudgement, type ClusterParts, defineClusterProblem } from '../problem.ts';
import { judgeServed } from '../served.ts';
import { type Holdup, holdupOf } from './rancher-unready/holdup.ts';

type Facts =
  | { readonly kind: 'answer'; readonly detail: string }
  | { readonly kind: 'service'; readonly service: string }
  | {
      readonly kind: 'rollout';
      readonly part: string;
      readonly missing: number;
      readonly wanted: number;
      readonly holdup?: Holdup;
    }
  | { readonly kind: 'pod'; readonly pod: string; readonly holdup: Holdup }
  | { readonly kind: 'chart'; readonly chart: string; readonly message: string };

/** Chosen, not measured: Harvester's and Rancher's Pods start after RKE2, one waiting for the other. */
const DEADLINE_SECONDS = 900;

const SERVICES = [
  { namespace: 'harvester-system', name: 'harvester' },
  { namespace: 'cattle-system', name: 'rancher' },
] as const;

type Parts = ClusterParts<'harvester' | 'vantage' | 'endpoints' | 'parts' | 'ownPods' | 'managedCharts'>;

function check(parts: Parts): readonly ClusterJudgement<Facts>[] {
  const judged = [
    ...judgeAnswer(parts),
    ...SERVICES.flatMap((one) => judgeServed(parts, one, DEADLINE_SECONDS, unserved)),
    ...judgeEach(parts.parts, judgePart),
    ...(parts.parts.known || !parts.ownPods.known ? [] : parts.ownPods.value.map(judgePod)),
    ...judgeEach(parts.managedCharts, judgeChart),
  ];
  if (judged.length > 0) return judged;
  return [{ status: 'not-applicable', subject: '', why: 'neither Harvester nor Rancher is installed', evidence: [] }];
}

/** What Harvester's own end point says. /version would prove nothing: Rancher answers it before Harvester is there (#7963). */
function judgeAnswer({ harvester, vantage }: Parts): ClusterJudgement<Facts>[] {
  const subject = 'harvester';
  if (!harvester.known) {
    if (harvester.reason === 'not-collected' || harvester.reason === 'absent') return [];
    return [{ status: 'unknown', subject, severity: 'critical', unknown: harvester, evidence: [] }];
  }
  const { value, source } = harvester;
  const served = servesAt(value, source, vantage);
  if (typeof served === 'object') {
    return [{ status: 'unknown', subject, severity: 'critical', unknown: served, evidence: [] }];
  }
  const detail = outcomeText(value);
  const evidence = [{ source, value: detail, wanted: 'HTTP 200' }];
  if (served === 'good') return [{ status: 'ok', subject, evidence }];
  return [found(subject, { kind: 'answer', detail }, 'critical', evidence)];
}

function unserved(service: string): Facts {
  return { kind: 'service', service };
}

function judgeEach<T>(
  reading: Parts['parts'] | Parts['managedCharts'],
  judge: (one: T) => ClusterJudgement<Facts>,
): ClusterJudgement<Facts>[] {
  if (reading.known) return (reading.value as readonly T[]).map(judge);
  if (reading.reason === 'absent') return [];
  return [{ status: 'unknown', subject: reading.source, severity: 'info', unknown: reading, evidence: [] }];
}

function judgePart(part: Part): ClusterJudgement<Facts> {
  const subject = `${part.kind} ${part.namespace}/${part.name}`;
  const { wanted, ready, updated } = part;
  const evidence = [{ source: subject, value: `${ready} ready, ${updated} updated`, wanted: `${wanted}` }];
  const missing = wanted - Math.min(ready, updated);
  if (missing <= 0) return { status: 'ok', subject, evidence };
  const holdup = holdupOf(part);
  const facts: Facts = { kind: 'rollout', part: subject, missing, wanted, ...(holdup && { holdup }) };
  return found(subject, facts, 'warning', evidence, holdup);
}

/** A node may not read the rollouts; of its own Pods it sees the same that holds them up for an administrator. */
function judgePod({ namespace, name, waiting }: OwnPod): ClusterJudgement<Facts> {
  const subject = `Pod ${namespace}/${name}`;
  const holdup = waiting && holdupOf({ waiting: [waiting] });
  if (!holdup) return { status: 'ok', subject, evidence: [] };
  const evidence = [{ source: subject, value: holdup.reason, wanted: 'Ready' }];
  return found(subject, { kind: 'pod', pod: subject, holdup }, 'warning', evidence, holdup);
}

function judgeChart({ name, ready, message, since }: ManagedChart): ClusterJudgement<Facts> {
  const subject = `ManagedChart ${name}`;
  const evidence = [{ source: subject, value: ready ? 'Ready' : message }];
  if (ready) return { status: 'ok', subject, evidence };
  const settles = { since, deadlineSeconds: DEADLINE_SECONDS };
  return found(subject, { kind: 'chart', chart: name, message }, 'warning', evidence, settles);
}

function found(
  subject: string,
  facts: Facts,
  severity: Severity,
  evidence: ClusterJudgement<Facts>['evidence'],
  since?: { readonly since: string; readonly deadlineSeconds: number },
): ClusterJudgement<Facts> {
  const settles = since ?? { deadlineSeconds: DEADLINE_SECONDS };
  return { status: 'problem', subject, severity, settles, facts, evidence };
}

/** Harvester or Rancher does not serve, or a part of them is not rolled out. */
export const rancherUnready = defineClusterProblem({
  id: 'rancher-unready',
  title: { en: 'Harvester and Rancher', 'zh-CN': 'Harvester 与 Rancher' },
  needs: ['harvester', 'vantage', 'endpoints', 'parts', 'ownPods', 'managedCharts'],
  dependsOn: ['apiserver-unready', 'vip-conflict', 'vip-unreachable', 'node-unready'],
  check,
  explain(facts) {
    return { title: titleOf(facts), cause: causeOf(facts), impact: impactOf(facts) };
  },
  prove: (facts) => PROOFS[facts.kind],
});

const PROOFS = {
  answer: 'curl -fsk https://VIP/v1/harvester/cluster/local',
  service: 'kubectl -n cattle-system get endpoints rancher; kubectl -n harvester-system get endpoints harvester',
  rollout: 'kubectl -n harvester-system get pods -o wide; kubectl -n cattle-system get pods -o wide',
  pod: 'kubectl get pods --all-namespaces -o wide --field-selector spec.nodeName="$(hostname)"',
  chart: 'kubectl -n fleet-local get managedcharts',
} as const;

function titleOf(facts: Facts) {
  switch (facts.kind) {
    case 'answer':
      return { en: 'Harvester does not answer', 'zh-CN': 'Harvester 没有应答' };
    case 'service':
      return { en: `No Ready Pod behind ${facts.service}`, 'zh-CN': `${facts.service} 后面没有就绪的 Pod` };
    case 'rollout':
      return {
        en: `${facts.part}: ${facts.missing} of ${facts.wanted} not ready`,
        'zh-CN': `${facts.part}：${facts.wanted} 个中 ${facts.missing} 个未就绪`,
      };
    case 'pod':
      return { en: `${facts.pod} of this node is not Ready`, 'zh-CN': `本节点的 ${facts.pod} 未就绪` };
    case 'chart':
      return { en: `ManagedChart ${facts.chart} is not ready`, 'zh-CN': `ManagedChart ${facts.chart} 未就绪` };
  }
}

function causeOf(facts: Facts) {
  switch (facts.kind) {
    case 'answer':
      return {
        en: `Its own end point behind the management address: ${facts.detail}.`,
        'zh-CN': `管理地址上 Harvester 自己的端点：${facts.detail}。`,
      };
    case 'service':
      return { en: 'Its Endpoints hold no Ready address.', 'zh-CN': '其 Endpoints 中没有就绪的地址。' };
    case 'rollout': {
      if (!facts.holdup) return { en: 'Its Pods are being replaced.', 'zh-CN': '其 Pod 正在更替。' };
      return waitText(facts.holdup);
    }
    case 'pod':
      return waitText(facts.holdup);
    case 'chart':
      return { en: `Fleet says: ${facts.message}.`, 'zh-CN': `Fleet 报告：${facts.message}。` };
  }
}

function waitText({ pod, node, reason, message }: Holdup) {
  const text = message === '' ? reason : `${reason} (${message})`;
  return {
    en: `${pod} on ${node || 'no node'} waits: ${text}.`,
    'zh-CN': `${node || '未调度的'} Pod ${pod} 在等待：${text}。`,
  };
}

function impactOf({ kind }: Facts) {
  return kind === 'answer' || kind === 'service'
    ? {
        en: 'The dashboard and its API are gone, and on Harvester the console says NotReady. VMs go on running.',
        'zh-CN': '界面及其 API 不可用，Harvester 控制台显示 NotReady。虚拟机继续运行。',
      }
    : {
        en: 'It serves with less in reserve, or an upgrade or installation does not come to its end.',
        'zh-CN': '服务余量减少，或升级、安装无法完成。',
      };
}
