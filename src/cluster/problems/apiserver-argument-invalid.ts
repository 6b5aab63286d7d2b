import { type GateFault, judgeGates } from '../../feature-gates/gates.ts';
import { whyFault } from '../../feature-gates/words.ts';
import { anyApiServer } from '../api-state.ts';
import type { Argument } from '../model/machine.ts';
import type { ApiServer } from '../model.ts';
import { type ClusterJudgement, type ClusterParts, defineClusterProblem } from '../problem.ts';

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
  const gates = read.value.filter(({ name }) => name === 'feature-gates');
  const judged = gates.flatMap((argument) => {
    const others = gates.filter((other) => other !== argument && other.start === argument.start);
    const beside = others.map(({ value }) => value);
    return judgeArgument(argument, { version: argument.version ?? running, beside, any });
  });
  return judged.length > 0 ? judged : [{ status: 'ok', subject: '', evidence: [] }];
}

/** Of the server of the kubeconfig; an upgrade is judged by the version an argument comes with. */
function runningVersion([first]: readonly ApiServer[]): string | undefined {
  return first?.version.known ? first.version.value : undefined;
}

interface Start {
  readonly version: string | undefined;
  /** Values of its other arguments. */
  readonly beside: readonly string[];
  readonly any: ReturnType<typeof anyApiServer>;
}

function judgeArgument(argument: Argument, { version, beside, any }: Start): readonly ClusterJudgement<Facts>[] {
  const { file, line, name, value } = argument;
  const { faults, unlisted } = judgeGates(value, version, beside);
  const evidence = [{ source: file, value: `--${name}=${value}`, file, line }];
  const open = unlisted.map(
    ({ gate }): ClusterJudgement<Facts> => ({
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
  if (found.length + open.length > 0) return [...found, ...open];
  return [{ status: 'ok', subject: file, evidence }];
}

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
    cause: { en: `${file}: ${whyFault(fault).en}`, 'zh-CN': `${file}：${whyFault(fault)['zh-CN']}` },
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
