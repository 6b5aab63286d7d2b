import { resolve } from 'node:path';
import { installPlan, noteUninstalled, startGuard, systemdRuns, uninstall } from '../guard/live/install.ts';
import { GUARD_UNIT, GUARD_UNIT_PATH } from '../guard/live/unit.ts';
import type { ActingHost } from '../hosts/host.ts';
import type { Bilingual, Lang } from '../lang.ts';
import { carryOut } from '../remedies/fix-run.ts';
import { bootIdOf } from '../remedies/interrupted.ts';
import { JournalError } from '../remedies/journal.ts';
import type { PlannedRemedy } from '../remedies/run-record.ts';
import { VERSION } from '../version.ts';
import { actingHost, warnWithoutRoot } from './acting-host.ts';
import { jsonText, line, planText, resultJson, resultText } from './change-text.ts';
import { CHANGE_WORDS } from './change-words.ts';
import { confirm } from './confirm.ts';
import { placesHere } from './guard-control.ts';
import { UsageError } from './usage.ts';

interface FlowOptions {
  readonly lang: Lang;
  readonly json: boolean;
  readonly width: number;
  readonly verbose: boolean;
  readonly dryRun: boolean;
  readonly yes: boolean;
}

const NO_SYSTEMD: Bilingual = {
  en: 'systemd does not run this machine: start hayward guard by what does, or use deploy/guard/daemonset.yaml',
  'zh-CN': '本机不由 systemd 管理：请用实际的服务管理器启动 hayward guard，或使用 deploy/guard/daemonset.yaml',
};
const STARTED: Bilingual = {
  en: `${GUARD_UNIT} runs; hayward guard status shows what it holds`,
  'zh-CN': `${GUARD_UNIT} 已运行；hayward guard status 可查看守护内容`,
};
const GONE: Bilingual = { en: 'gone', 'zh-CN': '已移除' };
const NOTHING: Bilingual = { en: 'there was nothing to remove', 'zh-CN': '没有需要移除的内容' };
const WOULD: Bilingual = { en: 'would stop the guard and remove', 'zh-CN': '将停止守护进程并移除' };

/** The whole of `guard install`; returns the exit status. Throws HostError. */
export async function runInstall(options: FlowOptions & { readonly guardOptions: readonly string[] }): Promise<number> {
  const { lang, json } = options;
  const { host, directory } = await actingHost({});
  const plan = installPlan({
    program: { node: process.execPath, script: process.argv[1] ?? '' },
    options: options.guardOptions,
    environment: stateVariables(),
  });
  const show = json ? process.stderr : process.stdout;
  if (!json || !options.yes) show.write(planText(host.name, [plan], options));
  if (options.dryRun) return 0;
  if (!(await systemdRuns(host))) throw new UsageError(NO_SYSTEMD[lang]);
  warnWithoutRoot(host, CHANGE_WORDS[lang].notRoot);
  if (!(await confirm(CHANGE_WORDS[lang].ask, options.yes, ', or --dry-run to only look'))) {
    process.stderr.write(line(CHANGE_WORDS[lang].declined));
    return 1;
  }
  return install(host, directory, plan, options).catch((error: unknown) => {
    if (!(error instanceof JournalError)) throw error;
    process.stderr.write(line(`hayward: ${error.message}`));
    return 1;
  });
}

async function install(
  host: ActingHost,
  directory: string,
  plan: PlannedRemedy,
  options: FlowOptions,
): Promise<number> {
  const { lang, json } = options;
  const report = await carryOut({
    host,
    directory,
    bootId: await bootIdOf(host),
    tool: VERSION,
    plan: [plan],
    scopes: ['persist'],
    resumes: undefined,
    judge: async () => [],
    notice: (words) => void process.stderr.write(line(`hayward: ${words[lang]}`)),
    onStep: (step) => void (json || process.stdout.write(resultText(step, options))),
  });
  if (report.verified) await startGuard(host);
  const { run, steps, verified } = report;
  if (json) {
    process.stdout.write(jsonText({ run, steps: steps.map((step) => resultJson(step, lang)), verified }));
  } else if (verified) process.stdout.write(line(STARTED[lang]));
  return verified ? 0 : 1;
}

/** A service has no login's environment nor its directory: what says where state is kept goes into its unit, absolute. */
function stateVariables(): Readonly<Record<string, string>> {
  const names = ['HAYWARD_STATE', 'XDG_STATE_HOME'];
  return Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, resolve(process.env[name])]] : [])));
}

/** The whole of `guard uninstall`; returns the exit status. Throws HostError. */
export async function runUninstall(options: FlowOptions): Promise<number> {
  const { lang, json } = options;
  const { host, directory } = await actingHost({});
  const places = placesHere();
  const show = json ? process.stderr : process.stdout;
  if (!json || !options.yes) show.write(line(`${WOULD[lang]} ${GUARD_UNIT_PATH}, ${places.state}, ${places.run}`));
  if (options.dryRun) return 0;
  warnWithoutRoot(host, CHANGE_WORDS[lang].notRoot);
  if (!(await confirm(CHANGE_WORDS[lang].ask, options.yes, ', or --dry-run to only look'))) {
    process.stderr.write(line(CHANGE_WORDS[lang].declined));
    return 1;
  }
  const gone = await uninstall(host, places);
  try {
    noteUninstalled(directory);
  } catch (error) {
    if (!(error instanceof JournalError)) throw error;
    process.stderr.write(line(`hayward: ${error.words[lang]}`));
  }
  if (json) process.stdout.write(jsonText({ removed: gone }));
  else process.stdout.write(line(gone.length === 0 ? NOTHING[lang] : `${GONE[lang]}: ${gone.join(', ')}`));
  return 0;
}
