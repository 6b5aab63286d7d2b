import type { Command } from 'commander';
import { addChoosingOptions } from './common-options.ts';
import { registerControl } from './guard-control.ts';
import { registerInstall } from './guard-install.ts';
import { addGuardOptions, type RawGuardOptions } from './guard-options.ts';
import { registerPlan } from './guard-plan.ts';
import { EXAMPLES, type Say, STATE_HELP } from './help-language.ts';

/** `hayward guard`: what was put right stays right. */
export function register(program: Command, say: Say): void {
  const guard = program
    .command('guard')
    .enablePositionalOptions()
    .summary(say({ en: 'keep a node as it should be', 'zh-CN': '让节点保持应有的状态' }))
    .description(
      say({
        en: 'Keep a node as it should be: settings, switches of bridges, modules; and tell who changed them.',
        'zh-CN': '让节点保持应有的状态：内核设置、网桥开关、内核模块；并指出是谁改动了它们。',
      }),
    )
    .addHelpText(
      'after',
      `
${say(EXAMPLES)}
  hayward guard plan                  ${say({ en: 'what would be kept, and why', 'zh-CN': '将守护什么、为什么' })}
  hayward guard --enforce observe     ${say({ en: 'only see who writes: the safe first step', 'zh-CN': '只看是谁写入：最安全的第一步' })}
  hayward guard
  hayward guard --hold net.ipv4.conf.all.arp_ignore=1
  hayward guard --report-to-cluster   ${say({ en: 'kubectl get nodereports', 'zh-CN': '用 kubectl get nodereports 查看' })}
  hayward guard status

${say(STATE_HELP)}`,
    );
  addGuardOptions(addChoosingOptions(guard, say), say).action(guardNode);
  registerPlan(guard, say);
  registerControl(guard, say);
  registerInstall(guard, say);
}

async function guardNode(raw: RawGuardOptions): Promise<void> {
  const { runGuard } = await import('./guard-flow.ts');
  process.exitCode = await runGuard(raw);
}
