import type { Command } from 'commander';
import { addCommonOptions, type RawCommonOptions } from './common-options.ts';
import { EXAMPLES, type Say } from './help-language.ts';
import { addReportOption, type RawReportOption } from './report-option.ts';

/** As commander hands them over. */
export interface RawListOptions extends RawCommonOptions, RawReportOption {
  kubeconfig?: string;
}

/** `hayward networks list`: all VM networks of a cluster, on all nodes. */
export function registerList(networks: Command, say: Say): void {
  const command = networks
    .command('list')
    .summary(say({ en: 'all VM networks, and which nodes differ', 'zh-CN': '所有虚拟机网络，以及哪些节点不同' }))
    .description(
      say({
        en: 'List the VM networks of a cluster: state, reason, nodes, when they were seen last, and which nodes differ. Without the controller the state is what Harvester’s annotation says, and marked so. Changes nothing.',
        'zh-CN':
          '列出集群中的虚拟机网络：状态、原因、节点、最近一次探测，以及哪些节点不同。没有控制器时状态取自 Harvester 的注解，并予以标明。不做任何修改。',
      }),
    )
    .option(
      '--kubeconfig <file>',
      say({ en: 'the kubeconfig to use (default: as for status)', 'zh-CN': '使用的 kubeconfig（默认与 status 相同）' }),
    )
    .addHelpText(
      'after',
      `
${say(EXAMPLES)}
  hayward networks list
  hayward networks list --json
  hayward networks list --report issue.md

${say({
  en: `Exit status: 0 all connected, 1 something is wrong, 2 wrong usage or
             a cluster without Multus, 3 something could not be seen.`,
  'zh-CN': '退出码：0 全部连通，1 有问题，2 用法错误或集群没有 Multus，3 有状态看不到。',
})}`,
    )
    .action(async (raw: RawListOptions) => {
      const { listFlow } = await import('./networks-list-flow.ts');
      await listFlow(raw);
    });
  addReportOption(addCommonOptions(command, say), say);
}
