import { type Command, Option } from 'commander';
import type { SettingDemand } from '../guard/demand.ts';
import type { GuardPlan } from '../guard/model.ts';
import type { Ask } from '../hosts/ask.ts';
import { harmless } from '../hosts/sanitise.ts';
import type { Bilingual } from '../lang.ts';
import {
  addChoosingOptions,
  type CommonOptions,
  commonOptions,
  printsJson,
  type RawCommonOptions,
} from './common-options.ts';
import { withGivenBefore } from './given-options.ts';
import { EXAMPLES, type Say } from './help-language.ts';
import { progressLine } from './progress.ts';
import { UsageError } from './usage.ts';

interface RawOptions extends RawCommonOptions {
  hold?: string[];
}

const EXIT_STATUS: Bilingual = {
  en: `Exit status: 2 when --hold asks for what cannot be,
             3 when what decides could not be seen.`,
  'zh-CN': `退出码：--hold 指定的设置不存在或自相矛盾时为 2，
        决定守护内容的信息看不到时为 3。`,
};

/**
 * Milliseconds for looking at the node. A command that hangs is given up and its answer is unknown; the guard, which
 * waits for the plan, keeps what it kept.
 */
const LOOK_MS = 20_000;

/** `--hold KEY=VALUE`, repeatable: for `guard` and `guard plan`. */
export function addHoldOption(command: Command, say: Say): Command {
  return command.addOption(
    new Option(
      '--hold <key=value>',
      say({
        en: 'keep this setting too, in dots or slashes as sysctl takes it; repeatable',
        'zh-CN': '同时守护此设置，写法同 sysctl（点或斜杠）；可重复',
      }),
    ).argParser((value: string, previous: string[] | undefined) => [...(previous ?? []), value]),
  );
}

/** What `--hold` asks for, or a usage error that says what is wrong with it. */
export async function askedSettings(hold: readonly string[] = []): Promise<readonly SettingDemand[]> {
  if (hold.length === 0) return [];
  const { askedDemand } = await import('../guard/plan/asked.ts');
  const demands = hold.map((text) => {
    const demand = askedDemand(text);
    if (typeof demand === 'string') throw new UsageError(`--hold ${text}: ${demand}`);
    return demand;
  });
  const { mergeDemands } = await import('../guard/plan/merge.ts');
  const [contradiction] = mergeDemands(demands).conflicts;
  if (contradiction !== undefined) {
    const values = contradiction.demands.map((one) => (one.kind === 'setting' ? one.value : ''));
    throw new UsageError(`--hold ${contradiction.key}: asked for as ${values.join(' and as ')}`);
  }
  return demands;
}

/** What a person asked for with `--hold` and will not get on this node. Throws UsageError. */
export async function refuseHoldTrouble(hold: readonly string[] = [], options: CommonOptions): Promise<void> {
  if (hold.length === 0) return;
  const asked = await askedSettings(hold);
  const { holdTrouble } = await import('./hold-trouble.ts');
  const trouble = holdTrouble(asked, await makePlan(asked, options));
  if (trouble.length > 0) throw new UsageError(trouble.join('; '));
}

/** Adds `plan` below `guard`: a dry run for people, and the judgement the guard itself runs as a child. */
export function registerPlan(guard: Command, say: Say): void {
  const command = guard
    .command('plan')
    .summary(say({ en: 'what would be kept here, and why', 'zh-CN': '将在本机守护什么、为什么' }))
    .description(
      say({
        en: 'Show what the guard would keep on this node, what it is now, how it would be kept, and why; what contradicts itself, and what is not known. Changes nothing.',
        'zh-CN':
          '显示守护进程将在本节点守护哪些设置、现值、守护方式和原因；以及相互冲突和无法判断的内容。不做任何改动。',
      }),
    )
    .addHelpText(
      'after',
      `
${say(EXAMPLES)}
  hayward guard plan
  hayward guard plan --profile harvester
  hayward guard plan --hold net.ipv4.conf.all.arp_ignore=1 --json

${say(EXIT_STATUS)}`,
    );
  addChoosingOptions(addHoldOption(command, say), say).action(plan);
}

async function plan(_own: RawOptions, command: Command): Promise<void> {
  const raw = withGivenBefore<RawOptions>(command);
  const options = await commonOptions(raw);
  const json = printsJson(options, 'guard plan');
  const asked = await askedSettings(raw.hold);
  const made = await makePlan(asked, options);
  if (json) {
    const { jsonText } = await import('../report/json.ts');
    process.stdout.write(jsonText(made));
  } else {
    const { planText } = await import('../guard/tell/plan-text.ts');
    process.stdout.write(planText(made, options));
  }
  const { holdTrouble } = await import('./hold-trouble.ts');
  const trouble = holdTrouble(asked, made);
  if (trouble.length > 0) process.stderr.write(`hayward: ${harmless(trouble.join('; '))}\n`);
  const unseen = made.undecided.some(({ severity }) => severity !== 'info');
  process.exitCode = trouble.length > 0 ? 2 : unseen ? 3 : 0;
}

/** Looks at this machine once, and judges. */
async function makePlan(asked: readonly SettingDemand[], options: CommonOptions): Promise<GuardPlan> {
  const { asksOf, examineCapture, problemsNamed } = await import('../examine.ts');
  const { holdingsOf } = await import('../judging/holdings.ts');
  const { planOf } = await import('../guard/plan/plan.ts');
  const { jsonFinding } = await import('../report/json.ts');
  const { localHost } = await import('../hosts/local.ts');
  const { thorough } = await import('../thorough-host.ts');
  const host = localHost();
  const progress = progressLine(!options.quiet);
  progress.update(host.name);
  const own = asked.map(({ key }): Ask => ({ kind: 'values', glob: `/proc/sys/${key}` }));
  const capture = await thorough(host).collect([...asksOf(options.only), ...own], { timeoutMs: LOOK_MS });
  progress.end();
  const examination = examineCapture(capture, options);
  const { profile } = examination;
  const problems = problemsNamed(options.only);
  return planOf({
    examination,
    holdings: (seen) => holdingsOf(problems, seen, profile),
    asked,
    findings: examination.findings.map((finding) => jsonFinding(finding, options.lang)),
  });
}
