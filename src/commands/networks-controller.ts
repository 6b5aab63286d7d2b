import { hostname } from 'node:os';
import { type Command, Option } from 'commander';
import { type Lang, langFrom } from '../lang.ts';
import type { DefaultRoute } from '../vm-networks/cluster/route-writing.ts';
import { langOption, word } from './common-options.ts';
import { durationMs } from './duration.ts';
import { EXAMPLES, type Say } from './help-language.ts';
import { type ListenAddress, listenAddress } from './listen-address.ts';
import { processKubeconfig } from './process-kubeconfig.ts';
import { UsageError } from './usage.ts';

/** As commander hands them over, each already read. */
export interface RawControllerOptions {
  kubeconfig?: string;
  namespace: string;
  name?: string;
  defaultRoute: DefaultRoute;
  /** Milliseconds. */
  every: number;
  listen?: ListenAddress;
  lang?: Lang;
}

const DEFAULT_ROUTES = ['auto', 'off'] as const;
/** Probing more often than a probe takes would be probing without end. */
const LEAST_EVERY_MS = 30_000;
const DEFAULT_EVERY_MS = 300_000;

/** `hayward networks controller`: keeps what is said of VM networks true, for the whole cluster. */
export function registerController(networks: Command, say: Say): void {
  const command = networks
    .command('controller')
    .summary(say({ en: 'keep the state of all VM networks true', 'zh-CN': '让所有虚拟机网络的状态保持真实' }))
    .description(
      say({
        en: 'Keep what the cluster says of its VM networks true: has the agents on all nodes probe them, reports each as a VMNetwork and writes the annotation Harvester shows. Run any number of replicas; one leads. Does not fight what Harvester writes: it reports it.',
        'zh-CN':
          '让集群所显示的虚拟机网络状态保持真实：由各节点的 agent 探测，以 VMNetwork 报告每个网络，并写入 Harvester 显示的注解。可运行任意多个副本，只有一个为主。不与 Harvester 的写入相争，只报告。',
      }),
    );
  addControllerOptions(command, say)
    .addHelpText(
      'after',
      `
${say(EXAMPLES)}
  hayward networks controller
  hayward networks controller --default-route auto --every 10m
  hayward networks controller --listen 0.0.0.0:9471

${say({
  en: `Exit status: 0 stopped by a signal, 1 the lease was lost (start it again),
             2 wrong usage or no kubeconfig that can be used.`,
  'zh-CN': '退出码：0 被信号停止，1 失去租约（请重新启动），\n        2 用法错误或没有可用的 kubeconfig。',
})}`,
    )
    .action(async (raw: RawControllerOptions) => {
      const { controllerFlow } = await import('./networks-controller-flow.ts');
      await controllerFlow({
        ...raw,
        name: raw.name ?? `${hostname()}-${process.pid}`,
        lang: raw.lang ?? langFrom(process.env),
      });
    });
}

/** What is said of keeping VM networks, and of a controller as such. */
export function addControllerOptions(command: Command, say: Say): Command {
  return command
    .addOption(processKubeconfig(say))
    .addOption(
      new Option(
        '--default-route <how>',
        say({
          en: 'auto: also networks without the route annotation are given one, once DHCP answers',
          'zh-CN': 'auto：没有 route 注解的网络，在 DHCP 应答后也会补上',
        }),
      )
        .default('off')
        .argParser(word('default route', DEFAULT_ROUTES)),
    )
    .addOption(
      new Option(
        '--every <duration>',
        say({ en: 'how often a network that is well is probed', 'zh-CN': '正常的网络每隔多久探测一次' }),
      )
        .default(DEFAULT_EVERY_MS, '5m')
        .argParser((value: string) => {
          const ms = durationMs('--every', value);
          if (ms >= LEAST_EVERY_MS) return ms;
          throw new UsageError(`--every ${value}: expected at least ${LEAST_EVERY_MS / 1000}s`);
        }),
    )
    .addOption(
      new Option('--namespace <name>', say({ en: 'where its Lease is', 'zh-CN': '租约所在的命名空间' }))
        .default('hayward')
        .argParser((value: string) => {
          if (/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(value)) return value;
          throw new UsageError(`--namespace ${value}: not a namespace's name`);
        }),
    )
    .addOption(
      new Option(
        '--name <id>',
        say({
          en: 'who it is among the replicas (default: host name and process)',
          'zh-CN': '在各副本中的名字（默认：主机名与进程号）',
        }),
      ).argParser((value: string) => {
        // A Lease whose holder has no name is nobody's.
        if (value.trim() !== '') return value;
        throw new UsageError('--name: expected a name that no other replica has');
      }),
    )
    .addOption(
      new Option(
        '--listen <address>',
        say({ en: 'answer /metrics, /healthz, /readyz there', 'zh-CN': '在该地址提供 /metrics、/healthz、/readyz' }),
      ).argParser((value: string) => listenAddress(value, 'ADDRESS:PORT, such as 127.0.0.1:9471')),
    )
    .addOption(langOption(say));
}
