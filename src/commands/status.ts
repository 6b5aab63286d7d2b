import { type Command, Option } from 'commander';
import { HOME_KUBECONFIG, KUBECONFIG_PLACES } from '../cluster/client/kubeconfig-places.ts';
import { harmless } from '../hosts/sanitise.ts';
import type { Bilingual } from '../lang.ts';
import { addCommonOptions, type CommonOptions, commonOptions, type RawCommonOptions } from './common-options.ts';
import { durationMs } from './duration.ts';
import { EXAMPLES, type Say } from './help-language.ts';
import { catchInterruption } from './interruption.ts';
import { progressLine } from './progress.ts';
import { addReportOption, printReport, type RawReportOption, refuseReportThatIsThere } from './report-option.ts';
import type { Look, Looker } from './status-look.ts';
import { UsageError, unknownWord } from './usage.ts';

interface RawOptions extends RawCommonOptions, RawReportOption {
  kubeconfig?: string;
  bundle?: string;
  watch?: boolean;
  wait?: boolean;
  /** Milliseconds. */
  deadline?: number;
  apiserverArguments?: string[];
}

const EXIT_STATUS: Bilingual = {
  en: `Exit status: 0 ready, 1 not ready, or ready with problems (--fail-on critical:
             not ready alone), 2 wrong usage or no kubeconfig that can be used,
             3 still settling, or not known. With --only: of these alone.`,
  'zh-CN': `退出码：0 就绪，1 未就绪，或就绪但有问题（--fail-on critical：仅未就绪），
        2 用法错误或没有可用的 kubeconfig，3 恢复中或无法判断。
        使用 --only 时只看所列问题。`,
};

const LOOKED_IN: Bilingual = {
  en: 'Without --kubeconfig: $KUBECONFIG, else the first of these that can be read:',
  'zh-CN': '未指定 --kubeconfig 时使用 KUBECONFIG；未设置则使用以下第一个可读的文件：',
};

export function register(program: Command, say: Say): void {
  const command = program
    .command('status')
    .summary(say({ en: 'is this cluster ready', 'zh-CN': '集群是否就绪' }))
    .description(
      say({
        en: 'Say whether this cluster is ready, with the credentials at hand: what is wrong, what it means, what to do next. What may not be seen never counts as broken. Changes nothing in the cluster; remembers what it saw for the next run.',
        'zh-CN':
          '用手头的凭据判断集群是否就绪：哪里有问题、意味着什么、下一步做什么。无权查看的内容绝不当作故障。不修改集群；记住所见，供下一次运行参考。',
      }),
    )
    .option(
      '--kubeconfig <file>',
      say({
        en: "the kubeconfig to use (default: KUBECONFIG, else RKE2's, k3s's, kubeadm's, the kubelet's, the user's own)",
        'zh-CN': '使用的 kubeconfig（默认：KUBECONFIG，其次 RKE2、k3s、kubeadm、kubelet、用户自己的）',
      }),
    )
    .option(
      '--bundle <file>',
      say({
        en: 'the cluster as it was: a file of hayward capture --cluster, a Harvester support bundle, a cluster-info dump, an sosreport',
        'zh-CN':
          '集群当时的状况：hayward capture --cluster 的文件、Harvester support bundle、cluster-info dump、sosreport',
      }),
    )
    .option('--watch', say({ en: 'look again and again, and say what changed', 'zh-CN': '持续查看，并说明有何变化' }))
    .option(
      '--wait',
      say({ en: 'look until it is decided: ready, or not', 'zh-CN': '一直查看，直到有结论：就绪或未就绪' }),
    )
    .addOption(
      new Option(
        '--deadline <duration>',
        say({
          en: 'how long what may pass by itself is waited for (default: each has its own)',
          'zh-CN': '可能自行恢复的情况最多等待多久（默认：各有期限）',
        }),
      ).argParser((value: string) => durationMs('--deadline', value)),
    )
    .option(
      '--apiserver-arguments <file>',
      say({
        en: "judge kube-apiserver's arguments in this file, instead of this node's, before a restart; repeatable",
        'zh-CN': '在重启之前检查此文件（而非本节点）中的 kube-apiserver 参数，可重复',
      }),
      (value: string, previous: string[] | undefined) => [...(previous ?? []), value],
    )
    .addHelpText(
      'after',
      `
${say(EXAMPLES)}
  hayward status
  hayward status --kubeconfig /var/lib/rancher/rke2/agent/kubelet.kubeconfig
  hayward status --wait --deadline 10m
  hayward status --watch
  hayward status --bundle supportbundle.zip --report issue.md

${say(LOOKED_IN)}
${[...KUBECONFIG_PLACES.map(([, place]) => place), `~/${HOME_KUBECONFIG}`].map((place) => `  ${place}`).join('\n')}

${say(EXIT_STATUS)}`,
    );
  addReportOption(addCommonOptions(command, say), say).action(status);
}

async function status(raw: RawOptions): Promise<void> {
  refuseMixture(raw);
  await refuseReportThatIsThere(raw);
  // Its problems are a cluster's: `only` names other ids than elsewhere.
  const { only: named, ...rest } = raw;
  const options = await commonOptions(rest);
  const only = named === undefined ? undefined : await clusterIds(named);
  if (raw.bundle !== undefined) return statusOfBundle(raw.bundle, { options, raw, ...(only && { only }) });
  const { lookerFor } = await import('./status-look.ts');
  const looker = await lookerFor({
    lang: options.lang,
    environment: process.env,
    atOnce: !raw.watch && !raw.wait,
    ...(raw.kubeconfig !== undefined && { kubeconfig: raw.kubeconfig }),
    ...(only && { only }),
    ...(raw.apiserverArguments && { argumentFiles: raw.apiserverArguments }),
    ...(raw.deadline !== undefined && { deadlineSeconds: raw.deadline / 1000 }),
  });
  if (!options.quiet) tellPassedOver(looker);
  const interruption = catchInterruption(() => undefined);
  const reader = new AbortController();
  const gone = (): void => reader.abort();
  process.stdout.on('error', gone);
  const signal = AbortSignal.any([interruption.signal, reader.signal]);
  try {
    const { statusExit } = await import('./status-report.ts');
    const run: Run = { options, raw, signal, ...(only && { only }) };
    const last = raw.watch ? await watch(looker, run) : await once(looker, run);
    process.exitCode = last === undefined ? 3 : statusExit(last, { failOn: options.failOn, ...(only && { only }) });
  } finally {
    process.stdout.off('error', gone);
    interruption.restore();
  }
}

const EXCLUDING = [
  ['bundle', 'kubeconfig', '--kubeconfig'],
  ['bundle', 'watch', '--watch'],
  ['bundle', 'wait', '--wait'],
  ['bundle', 'apiserverArguments', '--apiserver-arguments'],
  ['report', 'watch', '--watch'],
] as const;

/** A file is asked nothing that only a cluster answers, and of many looks there is no one report. */
function refuseMixture(raw: RawOptions): void {
  for (const [one, other, name] of EXCLUDING) {
    if (raw[one] !== undefined && raw[other] !== undefined) {
      throw new UsageError(`--${one} and ${name} exclude each other`);
    }
  }
}

async function statusOfBundle(path: string, asked: Asked): Promise<void> {
  const { options, raw, only } = asked;
  const { lookIntoBundle } = await import('./status-bundle.ts');
  const look = await lookIntoBundle(path, {
    lang: options.lang,
    ...(only && { only }),
    ...(raw.deadline !== undefined && { deadlineSeconds: raw.deadline / 1000 }),
  });
  await print(look, asked);
  const { statusExit } = await import('./status-report.ts');
  process.exitCode = statusExit(look, { failOn: options.failOn, ...(only && { only }) });
}

interface Asked {
  readonly options: CommonOptions;
  readonly raw: RawOptions;
  readonly only?: readonly string[];
}

interface Run extends Asked {
  /** Interrupted, or nobody reads any more what is written. */
  readonly signal: AbortSignal;
}

async function once(looker: Looker, run: Run): Promise<Look | undefined> {
  const { options, raw, signal } = run;
  const progress = progressLine(!options.quiet);
  progress.update(`asking ${looker.found.access.server} …`);
  const look = raw.wait ? await waited(looker, raw, signal, progress.update) : await looker.look(signal);
  progress.end();
  if (look === undefined || signal.aborted) return undefined;
  await print(look, run);
  return look;
}

async function print(look: Look, { options, raw, only }: Asked): Promise<void> {
  const { hostsIn, reportOf } = await import('./status-report.ts');
  const { render } = await import('../report/render.ts');
  const { statusLines } = await import('../report/status-text.ts');
  // A pipe or a file has room for everything.
  const rows = options.verbose || !process.stdout.isTTY ? undefined : process.stdout.rows - 1;
  const report = reportOf(look, only);
  const screen = { ...options, ...(only && { only }), ...(rows !== undefined && { rows }) };
  const printed = () =>
    options.format === 'text' ? `${statusLines(look, screen).join('\n')}\n` : render(report, options.format, options);
  await printReport(report, printed, { ...raw, ...options, names: hostsIn(look.snapshot) });
}

async function waited(
  looker: Looker,
  { deadline }: RawOptions,
  signal: AbortSignal,
  tell: (text: string) => void,
): Promise<Look | undefined> {
  const { looks, undecidedUntil } = await import('./status-looks.ts');
  const isOver = undecidedUntil(deadline);
  let last: Look | undefined;
  for await (const looked of looks(looker, signal)) {
    const { look = last, trouble } = looked;
    last = look;
    if (isOver(looked)) {
      if (trouble !== undefined) process.stderr.write(`hayward: ${harmless(trouble)}\n`);
      return last;
    }
    tell(`${harmless(trouble ?? look?.verdict ?? '')}, looking again …`);
  }
  return undefined;
}

async function watch(looker: Looker, { options, raw, only, signal }: Run): Promise<Look | undefined> {
  if (options.format !== 'text' && options.format !== 'json') {
    throw new UsageError(`status --watch prints text or json, not ${options.format}`);
  }
  const { watchStatus } = await import('./status-watch.ts');
  const { undecidedUntil } = await import('./status-looks.ts');
  const isOver = raw.wait ? undecidedUntil(raw.deadline) : () => false;
  return watchStatus(looker, { options, signal, isOver, output: process.stdout, ...(only && { only }) });
}

async function clusterIds(named: string): Promise<readonly string[]> {
  const { clusterProblemIds } = await import('../cluster/judge.ts');
  const ids = clusterProblemIds();
  return named.split(',').map((typed) => {
    const id = typed.trim();
    if (!ids.includes(id)) throw unknownWord('problem', id, ids);
    return id;
  });
}

/** A better kubeconfig that is there and may not be read explains what will be denied. */
function tellPassedOver({ found, path }: Looker): void {
  for (const { detail } of found.passedOver)
    process.stderr.write(`hayward: ${harmless(detail)}; using ${harmless(path)}\n`);
}
