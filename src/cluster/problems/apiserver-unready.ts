import type { Evidence } from '../../judging/finding.ts';
import type { Bilingual } from '../../lang.ts';
import { type ApiState, type ApiTrouble, anyApiServer, apiState, outcomeText } from '../api-state.ts';
import { type Member, unknownSeverity } from '../decide.ts';
import type { ApiServer } from '../model.ts';
import { type ClusterJudgement, type ClusterParts, defineClusterProblem } from '../problem.ts';
import { vipState } from '../vip-state.ts';

interface Facts {
  readonly url: string;
  readonly trouble: ApiTrouble | { readonly kind: 'certificate'; readonly detail: string };
  /** No server answers as it should, not only this one. */
  readonly all: boolean;
}

/** Chosen, not measured: RKE2 starts the API server as a static Pod, with etcd before and post-start hooks after it. */
const DEADLINE_SECONDS = 180;

type Parts = ClusterParts<'apiServers' | 'vantage' | 'managementAddress'>;

function check(parts: Parts): readonly ClusterJudgement<Facts>[] {
  const { apiServers, vantage } = parts;
  const any = anyApiServer(parts);
  const states = apiServers.map((server) => ({ server, state: apiState(server, vantage) }));
  const one = states.length === 1;
  const vipDown = vipState(parts) === 'bad';
  const members = states.map(({ server, state }) => {
    if (vipDown && !one && server.via === 'vip' && isNoAnswer(state)) return atDeadAddress(server);
    return misled(server, any) ?? judgeOne(server, state, one && any === 'bad', unknownSeverity(any));
  });
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

function isNoAnswer(state: ApiState): boolean {
  return 'state' in state && state.state === 'bad' && state.trouble.kind !== 'failing';
}

/** At the management address nothing answers, on no port: that is vip-unreachable's to say, once. */
function atDeadAddress(server: ApiServer): ClusterJudgement<Facts> {
  const why = `nothing answers at the management address (${server.url})`;
  return { status: 'not-applicable', subject: server.url, why, evidence: evidenceOf(server) };
}

/**
 * One whose certificate is not accepted, where another's is by the same authority: then it is not the kubeconfig that is another
 * cluster's. Where it is the only one seen, that cannot be told.
 */
function misled(server: ApiServer, any: Member): ClusterJudgement<Facts> | undefined {
  const { url, readyz } = server;
  if (any !== 'good' || !readyz.known || readyz.value.kind !== 'tls') return undefined;
  const trouble = { kind: 'certificate', detail: readyz.value.detail } as const;
  return found(url, { url, trouble, all: false }, evidenceOf(server));
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
  needs: ['apiServers', 'vantage', 'managementAddress'],
  dependsOn: ['apiserver-argument-invalid', 'certificate-expiring'],
  check,
  explain({ url, trouble, all }) {
    const cause = causeOf(url, trouble);
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

function causeOf(url: string, trouble: Facts['trouble']): Bilingual {
  switch (trouble.kind) {
    case 'failing': {
      const { checks, status } = trouble;
      return checks.length > 0
        ? {
            en: `It answers that it is not ready: ${checks.join(', ')} fail.`,
            'zh-CN': `它自己回答未就绪：${checks.join('、')} 未通过。`,
          }
        : {
            en: `HTTP ${status}: what stands before it gets no answer from it.`,
            'zh-CN': `HTTP ${status}：前置代理没有得到它的应答。`,
          };
    }
    case 'certificate':
      return {
        en: `${url}: its certificate is not accepted (${trouble.detail}), while another's is by the same authority: it is another server, or serves another certificate.`,
        'zh-CN': `${url}：其证书不被接受（${trouble.detail}），而同一 CA 下另一台的证书有效：那里是别的服务，或用了别的证书。`,
      };
    default:
      return { en: `${url}: ${NO_ANSWER[trouble.kind].en}.`, 'zh-CN': `${url}：${NO_ANSWER[trouble.kind]['zh-CN']}。` };
  }
}
