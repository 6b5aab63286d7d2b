import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import {
  addChoosingOptions,
  addPrintingOptions,
  commonOptions,
  printsJson,
  type RawCommonOptions,
} from './common-options.ts';
import { withGivenBefore } from './given-options.ts';
import { addGuardOptions, checkReportOptions, guardWords, type RawGuardOptions } from './guard-options.ts';
import { refuseHoldTrouble } from './guard-plan.ts';
import { EXAMPLES, type Say } from './help-language.ts';
import { UsageError } from './usage.ts';

interface Doing {
  dryRun?: boolean;
  yes?: boolean;
}

/** Adds `install` and `uninstall` below `guard`. */
export function registerInstall(guard: Command, say: Say): void {
  const install = guard
    .command('install')
    .summary(say({ en: 'run the guard as a service, from now on', 'zh-CN': '把守护进程安装为服务并立即启动' }))
    .description(
      say({
        en: 'Make a systemd service of the guard, with the options given here, and start it. It begins before RKE2, k3s and the kubelet at each boot. The program stays where it is: do not remove it.',
        'zh-CN':
          '按此处给出的选项把守护进程做成 systemd 服务并启动；每次开机都先于 RKE2、k3s 和 kubelet 启动。程序文件留在原处，请勿删除。',
      }),
    )
    .addHelpText(
      'after',
      `\n${say(EXAMPLES)}\n  hayward guard install --dry-run\n  hayward guard install --enforce observe\n  hayward guard install --yes`,
    );
  doing(addGuardOptions(addChoosingOptions(install, say), say), say).action(installGuard);
  const uninstall = guard
    .command('uninstall')
    .summary(say({ en: 'stop the guard and leave nothing of it', 'zh-CN': '停止守护进程并彻底移除' }))
    .description(
      say({
        en: 'Stop the service, take its unit and its state away, and let go of what is held. Settings stay as they are; the journal of what was changed stays for hayward undo.',
        'zh-CN': '停止服务，移除其单元和状态，放开所有守护。各项设置保持现状；改动日志保留，供 hayward undo 使用。',
      }),
    );
  doing(addPrintingOptions(uninstall, say), say).action(uninstallGuard);
}

function doing(command: Command, say: Say): Command {
  return command
    .option('--dry-run', say({ en: 'show what would be done, and do nothing', 'zh-CN': '只展示将做什么' }))
    .option('-y, --yes', say({ en: 'do not ask', 'zh-CN': '不询问，直接执行' }));
}

async function installGuard(_own: RawGuardOptions & Doing, command: Command): Promise<void> {
  const raw = withGivenBefore<RawGuardOptions & Doing>(command);
  const options = await commonOptions(raw);
  await checkGuardOptions(raw);
  await refuseHoldTrouble(raw.hold, options);
  const { runInstall } = await import('./guard-install-flow.ts');
  process.exitCode = await runInstall({
    ...options,
    json: printsJson(options, 'guard install'),
    dryRun: raw.dryRun === true,
    yes: raw.yes === true,
    guardOptions: guardWords(raw),
  });
}

async function uninstallGuard(_own: RawCommonOptions & Doing, command: Command): Promise<void> {
  const raw = withGivenBefore<RawCommonOptions & Doing>(command);
  const options = await commonOptions(raw);
  const { runUninstall } = await import('./guard-install-flow.ts');
  process.exitCode = await runUninstall({
    ...options,
    json: printsJson(options, 'guard uninstall'),
    dryRun: raw.dryRun === true,
    yes: raw.yes === true,
  });
}

/** What would keep the service from starting is said now. Throws UsageError. */
async function checkGuardOptions(raw: RawGuardOptions): Promise<void> {
  const { tokenFile, cgroup } = raw;
  checkReportOptions(raw);
  const { tokenIn } = await import('./guard-listen.ts');
  if (tokenFile !== undefined) tokenIn(tokenFile);
  if (cgroup !== undefined && !existsSync(join(cgroup, 'cgroup.procs'))) {
    throw new UsageError(`--cgroup ${cgroup}: it is no cgroup directory`);
  }
}
