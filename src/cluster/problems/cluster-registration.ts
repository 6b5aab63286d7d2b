import type { Evidence } from '../../judging/finding.ts';
import type { Registration } from '../model/parts.ts';
import { type ClusterJudgement, type ClusterParts, defineClusterProblem } from '../problem.ts';
import { type LogCause, logCause } from './cluster-registration/log-causes.ts';

interface Facts {
  readonly server: string;
  readonly missing: number;
  readonly message: string;
  readonly cause?: LogCause;
}

/** The agent registers within a minute of its start; its image is pulled first. */
const DEADLINE_SECONDS = 600;

function check({ registration }: ClusterParts<'registration'>): readonly ClusterJudgement<Facts>[] {
  if (!registration.known) {
    if (registration.reason === 'absent') {
      return [{ status: 'not-applicable', subject: '', why: registration.detail, evidence: [] }];
    }
    return [{ status: 'unknown', subject: '', severity: 'info', unknown: registration, evidence: [] }];
  }
  return [judge(registration.value)];
}

function judge(registration: Registration): ClusterJudgement<Facts> {
  const { server, agent, connected, log } = registration;
  const missing = agent.wanted - agent.ready;
  const cause = log.known ? logCause(log.value) : undefined;
  const evidence = evidenceOf(registration, cause);
  if (connected.known && !connected.value.connected) {
    const { message, since } = connected.value;
    return found({ server, missing, message, ...(cause && { cause }) }, since, evidence);
  }
  if (missing > 0) {
    return found({ server, missing, message: '', ...(cause && { cause }) }, agent.waiting[0]?.since, evidence);
  }
  // The Rancher it was imported into keeps the rest; the agent is Ready only once it has got through.
  if (connected.known || (connected.reason === 'not-collected' && !cause)) {
    return { status: 'ok', subject: server, evidence };
  }
  return { status: 'unknown', subject: server, severity: 'info', unknown: connected, evidence };
}

function found(facts: Facts, since: string | undefined, evidence: readonly Evidence[]): ClusterJudgement<Facts> {
  const settles = { deadlineSeconds: DEADLINE_SECONDS, ...(since && { since }) };
  return { status: 'problem', subject: facts.server, severity: 'warning', settles, facts, evidence };
}

function evidenceOf({ agent, connected, log }: Registration, cause: LogCause | undefined): Evidence[] {
  const source = 'Deployment cattle-system/cattle-cluster-agent';
  const told = connected.known ? connected.value.message || `connected: ${connected.value.connected}` : '';
  return [
    { source, value: `${agent.ready} ready`, wanted: `${agent.wanted}` },
    ...(told === '' ? [] : [{ source: connected.source, value: told }]),
    ...(cause ? [{ source: log.source, value: cause.line }] : []),
  ];
}

/** An import into a Rancher that stays Pending, or was lost. */
export const clusterRegistration = defineClusterProblem({
  id: 'cluster-registration',
  title: { en: 'Registration with Rancher', 'zh-CN': '向 Rancher 注册' },
  needs: ['registration'],
  dependsOn: ['apiserver-unready'],
  check,
  explain({ server, missing, message, cause }) {
    const agent =
      missing > 0
        ? { en: 'cattle-cluster-agent is not ready', 'zh-CN': 'cattle-cluster-agent 未就绪' }
        : { en: 'cattle-cluster-agent runs and is not connected', 'zh-CN': 'cattle-cluster-agent 已运行但未连接' };
    const why = cause?.why ?? {
      en: message === '' ? 'its log names no cause known here' : message,
      'zh-CN': message === '' ? '其日志中没有已知的原因' : message,
    };
    return {
      title: { en: `Not registered with ${server}`, 'zh-CN': `未注册到 ${server}` },
      cause: { en: `${agent.en}: ${why.en}.`, 'zh-CN': `${agent['zh-CN']}：${why['zh-CN']}。` },
      impact: {
        en: 'Rancher shows the cluster as Pending or Unavailable and cannot manage it; the cluster itself goes on.',
        'zh-CN': 'Rancher 显示集群为 Pending 或 Unavailable，无法管理；集群自身不受影响。',
      },
    };
  },
  prove: ({ server }) =>
    `kubectl -n cattle-system logs deploy/cattle-cluster-agent --tail=50; curl -fsk '${server.replaceAll("'", `'\\''`)}/ping'`,
});
