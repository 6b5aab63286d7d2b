import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { ENFORCEMENTS, type Enforcement } from '../guard/model.ts';
import type { RawCommonOptions } from './common-options.ts';
import { durationMs } from './duration.ts';
import { addHoldOption } from './guard-plan.ts';
import type { Say } from './help-language.ts';
import { addressOrOff, type ListenAddress, listenAddressText } from './listen-address.ts';
import { processKubeconfig } from './process-kubeconfig.ts';
import { UsageError, unknownWord } from './usage.ts';

/** As commander hands them over. */
export interface RawGuardOptions extends RawCommonOptions {
  enforce?: Enforcement;
  interval?: number;
  judgeEvery?: number;
  listen?: ListenAddress | 'off';
  tokenFile?: string;
  cgroup?: string;
  reclaim?: boolean;
  hold?: string[];
  reportToCluster?: boolean;
  node?: string;
  kubeconfig?: string;
}

/** Faster than this the loop itself would be what is seen in top. */
const LEAST_INTERVAL_MS = 10;

/** A judgement runs some fifty commands. */
const LEAST_JUDGE_MS = 1_000;

/** The options of `guard` itself, which `guard install` takes too. */
export function addGuardOptions(command: Command, say: Say): Command {
  return addHoldOption(command, say)
    .addOption(
      new Option(
        '--enforce <how>',
        say({
          en: `${ENFORCEMENTS.join(', ')} (default: auto, which is kernel where it can be, else poll)`,
          'zh-CN': `${ENFORCEMENTS.join('、')}（默认 auto：能用 kernel 就用，否则 poll）`,
        }),
      ).argParser((value: string) => {
        const found = ENFORCEMENTS.find((one) => one === value);
        if (found === undefined) throw unknownWord('enforcement', value, ENFORCEMENTS);
        return found;
      }),
    )
    .addOption(
      new Option(
        '--interval <duration>',
        say({ en: 'how often settings are read (default: 100ms)', 'zh-CN': '读取设置的间隔（默认 100ms）' }),
      ).argParser(interval),
    )
    .addOption(
      new Option(
        '--judge-every <duration>',
        say({ en: 'how often the whole node is judged (default: 5m)', 'zh-CN': '完整评估节点的间隔（默认 5m）' }),
      ).argParser(judgeEvery),
    )
    .addOption(
      new Option(
        '--listen <address>',
        say({
          en: 'where /metrics, /healthz, /readyz and /v1/findings are; off for nowhere (default: 127.0.0.1:9470)',
          'zh-CN': '/metrics、/healthz、/readyz、/v1/findings 的监听地址；off 为不监听（默认 127.0.0.1:9470）',
        }),
      ).argParser(addressOrOff),
    )
    .option(
      '--token-file <file>',
      say({ en: 'who asks must show the token in this file', 'zh-CN': '访问者须出示该文件中的令牌' }),
    )
    .option(
      '--cgroup <dir>',
      say({
        en: 'answer writes of this cgroup v2 directory and below (default: its root, that is everybody)',
        'zh-CN': '只拦截此 cgroup v2 目录及其下级的写入（默认为根目录，即所有进程）',
      }),
    )
    .option('--no-reclaim', say({ en: 'leave leaked leases alone', 'zh-CN': '不回收泄漏的租约' }))
    .option(
      '--report-to-cluster',
      say({
        en: 'tell the cluster what this node is like, in its NodeReport',
        'zh-CN': '把本节点的状况写入集群中的 NodeReport',
      }),
    )
    .option(
      '--node <name>',
      say({
        en: 'reported as this Node (default: $NODE_NAME, else the host name)',
        'zh-CN': '以此 Node 名称报告（默认：$NODE_NAME，否则为主机名）',
      }),
    )
    .addOption(processKubeconfig(say));
}

/** Throws UsageError for what is said of reporting and cannot be so. */
export function checkReportOptions({ reportToCluster, node, kubeconfig }: RawGuardOptions): void {
  const stray = node !== undefined ? '--node' : kubeconfig !== undefined ? '--kubeconfig' : undefined;
  if (stray !== undefined && reportToCluster !== true) throw new UsageError(`${stray}: only with --report-to-cluster`);
  if (kubeconfig === '') throw new UsageError('--kubeconfig: expected a file, and it is empty');
  if (node !== undefined && !isNodeName(node)) throw new UsageError(`--node ${node}: not a Node's name`);
}

/** A DNS subdomain, as Kubernetes wants it. */
export function isNodeName(name: string): boolean {
  return /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/.test(name);
}

function interval(value: string): number {
  const ms = durationMs('--interval', value);
  if (ms < LEAST_INTERVAL_MS) throw new UsageError(`--interval ${value}: at least ${LEAST_INTERVAL_MS}ms`);
  return ms;
}

function judgeEvery(value: string): number {
  const ms = durationMs('--judge-every', value);
  if (ms < LEAST_JUDGE_MS) throw new UsageError(`--judge-every ${value}: at least ${LEAST_JUDGE_MS / 1000}s`);
  return ms;
}

/**
 * The options as words again, for the service that `guard install` makes. Paths are made absolute: a service has another
 * working directory.
 */
export function guardWords(raw: RawGuardOptions): readonly string[] {
  const { enforce, interval: ms, judgeEvery, listen, tokenFile, cgroup, profile, only, lang, hold = [] } = raw;
  return [
    ...word('--enforce', enforce),
    ...word('--interval', ms === undefined ? undefined : `${ms}ms`),
    ...word('--judge-every', judgeEvery === undefined ? undefined : `${judgeEvery}ms`),
    ...word('--listen', listen === undefined || listen === 'off' ? listen : listenAddressText(listen)),
    ...word('--token-file', tokenFile === undefined ? undefined : resolve(tokenFile)),
    ...word('--cgroup', cgroup === undefined ? undefined : resolve(cgroup)),
    ...word('--profile', profile),
    ...word('--only', only),
    ...word('--lang', lang),
    ...hold.flatMap((one) => word('--hold', one)),
    ...(raw.reclaim === false ? ['--no-reclaim'] : []),
    ...(raw.reportToCluster === true ? ['--report-to-cluster'] : []),
    ...word('--node', raw.node),
    ...word('--kubeconfig', raw.kubeconfig === undefined ? undefined : resolve(raw.kubeconfig)),
  ];
}

function word(option: string, value: string | undefined): readonly string[] {
  return value === undefined ? [] : [option, value];
}
