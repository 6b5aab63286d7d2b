import { type Command, Option } from 'commander';
import type { Bilingual } from '../lang.ts';
import { addCommonOptions, type RawCommonOptions } from './common-options.ts';
import { durationMs } from './duration.ts';
import { EXAMPLES, type Say } from './help-language.ts';
import { addHostOptions, type RawHostOptions } from './hosts-from-options.ts';
import { addressOrOff, type ListenAddress } from './listen-address.ts';
import { UsageError } from './usage.ts';

/** As commander hands them over, each already read; times in milliseconds. */
export interface RawDataplaneOptions extends RawCommonOptions, RawHostOptions {
  kubeconfig?: string;
  node?: string[];
  image?: string;
  timeout: number;
  start: number;
  watch?: boolean | number;
  listen?: ListenAddress | 'off';
  /** False by --no-host-network. */
  hostNetwork: boolean;
  lang?: string;
}

const EXIT_STATUS: Bilingual = {
  en: `Exit status: 0 everything answers, 1 something is lost, 2 wrong usage or no
             image that can do it, 3 something could not be asked.`,
  'zh-CN': '退出码：0 全部应答，1 有丢失，2 用法错误或没有可用的镜像，3 有内容无法探测。',
};

/** `hayward dataplane`: every node to every node. */
export function register(program: Command, say: Say): void {
  const command = program
    .command('dataplane')
    .summary(say({ en: 'every node to every node: Pods, Services, DNS', 'zh-CN': '节点两两互测：Pod、Service、DNS' }))
    .description(
      say({
        en: 'Ask from every node to every node, by PodIP, ClusterIP, NodePort and DNS, over TCP and UDP, in small and full-MTU packets, and name the node, the pair or the direction that stands out. Runs two small Pods a node in a namespace of its own, which goes afterwards, also when this is killed. With --host it looks at the nodes too, and names the cause.',
        'zh-CN':
          '从每个节点到每个节点，经 PodIP、ClusterIP、NodePort 和 DNS，用 TCP 与 UDP、小包与满 MTU 包探测，并指出异常的节点、节点对或方向。在独立的命名空间中每个节点运行两个小 Pod，结束后（即使被强行终止）一并清除。使用 --host 时同时检查节点并指出原因。',
      }),
    );
  addOptions(addHostOptions(command, say), say)
    .addHelpText(
      'after',
      `
${say(EXAMPLES)}
  hayward dataplane
  hayward dataplane --host root@node-1 --host root@node-2
  hayward dataplane --node node-1,node-2 --image registry.local/busybox:1.36
  hayward dataplane --watch 5m --listen 127.0.0.1:9472

${say(EXIT_STATUS)}`,
    )
    .action(async (raw: RawDataplaneOptions) => {
      const { dataplaneFlow } = await import('./dataplane-flow.ts');
      await dataplaneFlow(raw);
    });
  addCommonOptions(command, say);
}

function addOptions(command: Command, say: Say): Command {
  const many = (value: string, previous: string[] | undefined): string[] => [
    ...(previous ?? []),
    ...value.split(',').map((name) => name.trim()),
  ];
  return command
    .option(
      '--kubeconfig <file>',
      say({ en: 'the kubeconfig to use (default: as for status)', 'zh-CN': '使用的 kubeconfig（默认与 status 相同）' }),
    )
    .option('--node <names>', say({ en: 'only these nodes; repeatable', 'zh-CN': '仅这些节点；可重复' }), many)
    .option(
      '--image <image>',
      say({
        en: "what to run (default: an image that all nodes have: hayward's own, busybox, alpine, klipper-lb)",
        'zh-CN': '运行的镜像（默认：所有节点都已有的 hayward、busybox、alpine 或 klipper-lb 镜像）',
      }),
    )
    .option(
      '--no-host-network',
      say({
        en: 'no Pod on the nodes’ own network, which looks whether they forward before others are added',
        'zh-CN': '不使用节点自身网络的 Pod（它在添加其他 Pod 之前查看节点是否开启转发）',
      }),
    )
    .addOption(
      new Option('--timeout <duration>', say({ en: 'how long an answer may take', 'zh-CN': '等待一次应答的时间' }))
        .default(1000, '1s')
        .argParser(between('--timeout', 100, 30_000)),
    )
    .addOption(
      new Option('--start <duration>', say({ en: 'how long Pods may take to run', 'zh-CN': '等待 Pod 运行的时间' }))
        .default(60_000, '60s')
        .argParser(between('--start', 1000, 3_600_000)),
    )
    .addOption(
      new Option(
        '--watch [interval]',
        say({ en: 'go on, and say what changes (default: every 60s)', 'zh-CN': '持续探测并说明变化（默认每 60s）' }),
      ).argParser(between('--watch', 5000, 86_400_000)),
    )
    .addOption(
      new Option(
        '--listen <address>',
        say({ en: 'where --watch has /metrics', 'zh-CN': '--watch 提供 /metrics 的监听地址' }),
      ).argParser(addressOrOff),
    );
}

function between(option: string, least: number, most: number): (value: string) => number {
  return (value) => {
    const ms = durationMs(option, value);
    if (ms >= least && ms <= most) return ms;
    throw new UsageError(`${option} ${value}: expected ${least / 1000}s to ${most / 1000}s`);
  };
}
