import type { Command } from 'commander';
import { addCommonOptions, commonOptions, printsJson, type RawCommonOptions } from './common-options.ts';
import { EXAMPLES, type Say } from './help-language.ts';

export function register(program: Command, say: Say): void {
  const command = program
    .command('diff <a> <b>')
    .summary(say({ en: 'in what two nodes, or two bundles, differ', 'zh-CN': '两个节点或两份采集文件的差别' }))
    .description(
      say({
        en: 'Compare two nodes, what matters first: problems that only one has, settings, modules, versions, what the next boot sets. A and B are each a bundle (its nodes are compared by name), one node of a bundle (FILE#NODE), a node over ssh ([user@]name[:port]), or local.',
        'zh-CN':
          '比较两个节点，重要的在前：只有一方有的问题、设置、模块、版本、下次启动会设置的内容。A 和 B 可以是采集文件（按名称比较其中的节点）、文件中的一个节点（FILE#NODE）、通过 ssh 的节点（[user@]name[:port]），或 local（本机）。',
      }),
    )
    .addHelpText(
      'after',
      `
${say(EXAMPLES)}
  hayward diff root@node-1 root@node-2
  hayward diff before.tgz after.tgz
  hayward diff all.tgz#node-1 all.tgz#node-2 --json

${say({
  en: 'Exit status: 0 nothing that matters differs, 1 something does, 3 what decides could not be compared.',
  'zh-CN': '退出码：没有重要差别为 0，有为 1，决定结论的信息无法比较为 3。',
})}`,
    );
  addCommonOptions(command, say).action(diff);
}

async function diff(a: string, b: string, raw: RawCommonOptions): Promise<void> {
  const options = await commonOptions(raw);
  const json = printsJson(options, 'diff');
  const { diffFlow } = await import('./diff-flow.ts');
  process.exitCode = await diffFlow(a, b, { ...options, json });
}
