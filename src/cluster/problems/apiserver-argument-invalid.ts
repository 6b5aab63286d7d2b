import { anyApiServer } from '../api-state.ts';
import type { Argument } from '../model/machine.ts';
import type { ApiServer } from '../model.ts';
import { type ClusterJudgement, type ClusterParts, defineClusterProblem } from '../problem.ts';
import { type GateFault, judgeGates } from './apiserver-argument-invalid/gates.ts';

interface Facts {
  readonly fault: GateFault;
  readonly file: string;
  readonly version: string;
  /** An API server serves at this moment: it was started before this was written, or elsewhere. */
  readonly serves: boolean;
}

type Parts = ClusterParts<'apiServerArguments' | 'apiServers' | 'vantage'>;

function check(parts: Parts): readonly ClusterJudgement<Facts>[] {
  const { apiServerArguments: read } = parts;
  if (!read.known) {
    if (read.reason === 'absent' || read.reason === 'not-collected') {
      return [{ status: 'not-applicable', subject: '', why: read.detail, evidence: [] }];
    }
    return [{ status: 'unknown', subject: '', severity: 'info', unknown: read, evidence: [] }];
  }
  const any = anyApiServer(parts);
  const running = runningVersion(parts.apiServers);
  const judged = read.value
    .filter(({ name }) => name === 'feature-gates')
    .flatMap((argument) => judgeArgument(argument, argument.version ?? running, any));
  return judged.length > 0 ? judged : [{ status: 'ok', subject: '', evidence: [] }];
}

/** Of the server of the kubeconfig; an upgrade is judged by the version an argument comes with. */
function runningVersion([first]: readonly ApiServer[]): string | undefined {
  return first?.version.known ? first.version.value : undefined;
}

function judgeArgument(
  argument: Argument,
  version: string | undefined,
  any: ReturnType<typeof anyApiServer>,
): readonly ClusterJudgement<Facts>[] {
  const { file, line, name, value } = argument;
  const { faults, notKnown } = judgeGates(value, version);
  const evidence = [{ source: file, value: `--${name}=${value}`, file, line }];
  const unlisted = notKnown.map(
    (gate): ClusterJudgement<Facts> => ({
      status: 'unknown',
      subject: gate,
      severity: 'info',
      unknown: {
        known: false,
        reason: 'not-collected',
        detail: `which gates kube-apiserver ${version ?? 'of an unknown version'} has is not listed here`,
        source: file,
      },
      evidence,
    }),
  );
  const found = faults.map(
    (fault): ClusterJudgement<Facts> => ({
      status: 'problem',
      subject: fault.gate,
      severity: any === 'bad' ? 'critical' : 'warning',
      facts: { fault, file, version: version ?? '', serves: any === 'good' },
      evidence,
    }),
  );
  if (found.length + unlisted.length > 0) return [...found, ...unlisted];
  return [{ status: 'ok', subject: file, evidence }];
}

const WHY = {
  nonexistent: {
    en: 'kube-apiserver refuses to start with a gate it does not know. NodeAuthorizerEnablePodSelectors, which articles name, never existed; the real ones are AuthorizeWithSelectors and AuthorizeNodeWithSelectors.',
    'zh-CN':
      'kube-apiserver 遇到不认识的 gate 会拒绝启动。文章里的 NodeAuthorizerEnablePodSelectors 从未存在；真正的是 AuthorizeWithSelectors 和 AuthorizeNodeWithSelectors。',
  },
  locked: {
    en: 'The feature is general by now and its gate locked: setting it the other way stops the start.',
    'zh-CN': '该特性已 GA，gate 被锁定：设为另一个值会导致无法启动。',
  },
  dependent: {
    en: 'One gate needs the other, which is switched off. Switch both off, or neither.',
    'zh-CN': '一个 gate 依赖另一个，而后者被关闭。要么两个都关，要么都不关。',
  },
  malformed: {
    en: 'A gate is written NAME=true or NAME=false; anything else stops the start.',
    'zh-CN': 'gate 必须写成 NAME=true 或 NAME=false，其他写法会导致无法启动。',
  },
} as const;

/** kube-apiserver is given an argument with which it does not start. */
export const apiserverArgumentInvalid = defineClusterProblem({
  id: 'apiserver-argument-invalid',
  title: { en: "kube-apiserver's arguments", 'zh-CN': 'kube-apiserver 的参数' },
  needs: ['apiServerArguments', 'apiServers', 'vantage'],
  check,
  explain: ({ fault, file, version, serves }) => ({
    title: {
      en: `kube-apiserver ${version} does not start: ${fault.message}`.replace('  ', ' '),
      'zh-CN': `kube-apiserver ${version} 无法启动：${fault.message}`.replace('  ', ' '),
    },
    cause: { en: `${file}: ${WHY[fault.kind].en}`, 'zh-CN': `${file}：${WHY[fault.kind]['zh-CN']}` },
    impact: serves
      ? {
          en: 'The API server that runs was started without it. Its next restart, or the next boot, fails.',
          'zh-CN': '正在运行的 API server 是在此之前启动的。下次重启服务或开机时会失败。',
        }
      : {
          en: 'Without kube-apiserver nothing in the cluster changes any more. Remove the gate and restart rke2-server.',
          'zh-CN': '没有 kube-apiserver，整个集群都无法变更。删除该 gate 并重启 rke2-server。',
        },
  }),
  prove: ({ file }) => `grep -n feature-gates '${file.replaceAll("'", `'\\''`)}'`,
});
