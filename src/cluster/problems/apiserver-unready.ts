import type { Evidence } from '../../judging/finding.ts';
import { type ApiState, type ApiTrouble, anyApiServer, apiState, outcomeText } from '../api-state.ts';
import { unknownSeverity } from '../decide.ts';
import type { ApiServer } from '../model.ts';
import { type ClusterJudgement, type ClusterParts, defineClusterProblem } from '../problem.ts';

interface Facts {
  readonly url: string;
  readonly trouble: ApiTrouble;
  /** No server answers as it should, not only this one. */
  readonly all: boolean;
}

/** Chosen, not measured: RKE2 starts the API server as a static Pod, with etcd before and post-start hooks after it. */
const DEADLINE_SECONDS = 180;

function check(parts: ClusterParts<'apiServers' | 'vantage'>): readonly ClusterJudgement<Facts>[] {
  const { apiServers, vantage } = parts;
  const any = anyApiServer(parts);
  const states = apiServers.map((server) => ({ server, state: apiState(server, vantage) }));
  const one = states.length === 1;
  const members = states.map(({ server, state }) =>
    judgeOne(server, state, one && any === 'bad', unknownSeverity(any)),
  );
  const [first] = states;
  if (one || any !== 'bad' || first === undefined) return members;
  // The statement about all of them has a clock of its own: it begins when the last one went.
  const trouble = 'state' in first.state && first.state.state === 'bad' ? first.state.trouble : undefined;
  if (trouble === undefined) return members;
  return [
    found(
      '',
      { url: first.server.url, trouble, all: true },
      states.flatMap(({ server }) => evidenceOf(server)),
    ),
    ...members,
  ];
}

function judgeOne(
  server: ApiServer,
  state: ApiState,
  alone: boolean,
  severity: 'critical' | 'warning' | 'info',
): ClusterJudgement<Facts> {
  const evidence = evidenceOf(server);
  if ('known' in state) return { status: 'unknown', subject: server.url, severity, unknown: state, evidence };
  if (state.state === 'ready') return { status: 'ok', subject: server.url, evidence };
  return found(server.url, { url: server.url, trouble: state.trouble, all: alone }, evidence);
}

function found(subject: string, facts: Facts, evidence: readonly Evidence[]): ClusterJudgement<Facts> {
  const severity = facts.all ? 'critical' : 'warning';
  return { status: 'problem', subject, severity, settles: { deadlineSeconds: DEADLINE_SECONDS }, facts, evidence };
}

function evidenceOf({ url, readyz, livez }: ApiServer): Evidence[] {
  return [
    ...(readyz.known
      ? [{ source: `${url}/readyz?verbose`, value: outcomeText(readyz.value), wanted: 'HTTP 200' }]
      : []),
    ...(livez.known ? [{ source: `${url}/livez`, value: outcomeText(livez.value) }] : []),
  ];
}

const NO_ANSWER = {
  refused: { en: 'its host answers, but nothing listens there', 'zh-CN': '主机可达，但端口无人监听' },
  silent: { en: 'it takes connections and does not answer', 'zh-CN': '能建立连接，但没有应答' },
  unreachable: { en: 'no connection comes about', 'zh-CN': '无法建立连接' },
} as const;

/** An API server does not serve. */
export const apiserverUnready = defineClusterProblem({
  id: 'apiserver-unready',
  title: { en: 'API server', 'zh-CN': 'API server' },
  needs: ['apiServers', 'vantage'],
  dependsOn: ['apiserver-argument-invalid', 'certificate-expiring'],
  check,
  explain({ url, trouble, all }) {
    const cause =
      trouble.kind === 'failing'
        ? {
            en: trouble.checks.length
              ? `It answers that it is not ready: ${trouble.checks.join(', ')} fail.`
              : `HTTP ${trouble.status}: what stands before it gets no answer from it.`,
            'zh-CN': trouble.checks.length
              ? `它自己回答未就绪：${trouble.checks.join('、')} 未通过。`
              : `HTTP ${trouble.status}：前置代理没有得到它的应答。`,
          }
        : { en: `${url}: ${NO_ANSWER[trouble.kind].en}.`, 'zh-CN': `${url}：${NO_ANSWER[trouble.kind]['zh-CN']}。` };
    return {
      title: all
        ? { en: 'No API server is ready', 'zh-CN': '没有就绪的 API server' }
        : { en: 'One API server is not ready', 'zh-CN': '有一个 API server 未就绪' },
      cause,
      impact: all
        ? {
            en: 'Nothing in the cluster can be changed or scheduled; what runs already goes on running.',
            'zh-CN': '集群无法变更和调度；已运行的负载继续运行。',
          }
        : {
            en: 'Others serve. Clients that are sent to this one fail, and one failure more may stop the cluster.',
            'zh-CN': '其他 API server 仍在服务。连到它的客户端会失败，再坏一个可能使集群停摆。',
          },
    };
  },
  prove: ({ url }) => `kubectl --server ${url} get --raw '/readyz?verbose'`,
});
