import { hostname } from 'node:os';
import { type Command, Option } from 'commander';
import { langFrom } from '../lang.ts';
import { word } from './common-options.ts';
import { durationMs } from './duration.ts';
import { EXAMPLES, type Say } from './help-language.ts';
import { addControllerOptions, type RawControllerOptions } from './networks-controller.ts';
import { UsageError } from './usage.ts';

/** As commander hands them over, each already read. */
export interface RawHaywardControllerOptions extends RawControllerOptions {
  nodeConditions: 'on' | 'off';
  /** Milliseconds. */
  statusEvery: number;
}

const ON_OFF = ['on', 'off'] as const;
/** A look at a thousand nodes is some 50 requests and 15 MB. */
const LEAST_STATUS_EVERY_MS = 5_000;
const DEFAULT_STATUS_EVERY_MS = 60_000;

/** `hayward controller`: judges all nodes as one and tells the cluster; keeps the VM networks too. */
export function register(program: Command, say: Say): void {
  const command = program
    .command('controller')
    .summary(say({ en: 'judge all nodes as one, and tell the cluster', 'zh-CN': '把所有节点作为整体判断，并告知集群' }))
    .description(
      say({
        en: 'Judge all nodes as one, from what the guard on each reports: which have a problem, which are silent, which differ from the rest, and whether the cluster is ready. Says so in the ClusterReport, in Events and as a condition of each Node. Also does what networks controller does. Run any number of replicas; one leads.',
        'zh-CN':
          '根据各节点 guard 的报告，把所有节点作为整体判断：哪些有问题、哪些失联、哪些与其余不同、集群是否就绪；结果写入 ClusterReport、Event 以及每个 Node 的 condition。同时完成 networks controller 的工作。可运行任意多个副本，只有一个为主。',
      }),
    )
    .addOption(
      new Option(
        '--node-conditions <how>',
        say({
          en: 'on: each Node has the condition HaywardNetworkProblem; off: none, and those there are removed',
          'zh-CN': 'on：每个 Node 带有 HaywardNetworkProblem；off：不写，并移除已有的',
        }),
      )
        .default('on')
        .argParser(word('node conditions', ON_OFF)),
    )
    .addOption(
      new Option(
        '--status-every <duration>',
        say({ en: 'how often it looks as hayward status does', 'zh-CN': '每隔多久像 hayward status 那样查看一次' }),
      )
        .default(DEFAULT_STATUS_EVERY_MS, '1m')
        .argParser((value: string) => {
          const ms = durationMs('--status-every', value);
          if (ms >= LEAST_STATUS_EVERY_MS) return ms;
          throw new UsageError(`--status-every ${value}: expected at least ${LEAST_STATUS_EVERY_MS / 1000}s`);
        }),
    );
  addControllerOptions(command, say)
    .addHelpText(
      'after',
      `
${say(EXAMPLES)}
  hayward controller
  hayward controller --default-route auto --listen 0.0.0.0:9471
  kubectl get clusterreport cluster

${say({
  en: `Exit status: 0 stopped by a signal, 1 the lease was lost (start it again),
             2 wrong usage or no kubeconfig that can be used.`,
  'zh-CN': '退出码：0 被信号停止，1 失去租约（请重新启动），\n        2 用法错误或没有可用的 kubeconfig。',
})}`,
    )
    .action(async (raw: RawHaywardControllerOptions) => {
      const { haywardControllerFlow } = await import('./controller-flow.ts');
      await haywardControllerFlow({
        ...raw,
        name: raw.name ?? `${hostname()}-${process.pid}`,
        lang: raw.lang ?? langFrom(process.env),
      });
    });
}
