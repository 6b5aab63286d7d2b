import { harmless } from '../hosts/sanitise.ts';
import type { Finding } from '../judging/finding.ts';
import type { Lang } from '../lang.ts';
import type { Left } from '../remedies/choose.ts';
import { describeStep } from '../remedies/describe.ts';
import type { StepReport } from '../remedies/run-plan.ts';
import { mayStand, type PlannedRemedy, type RunRecord } from '../remedies/run-record.ts';
import type { Step } from '../remedies/step.ts';
import { CHANGE_WORDS } from './change-words.ts';

/** One harmless line. */
export function line(text: string): string {
  return `${harmless(text.replace(/\s+/gu, ' ').trimEnd())}\n`;
}

function indented(depth: number, text: string): string {
  return ' '.repeat(depth) + line(text);
}

/** The plan as it is shown before anything is asked: every step with what it does and how it is taken back. */
export function planText(target: string, plan: readonly PlannedRemedy[], lang: Lang): string {
  const words = CHANGE_WORDS[lang];
  let number = 0;
  const remedies = plan.map((remedy) => {
    const head = `${remedy.problem} — ${remedy.summary[lang]} (${words.scope[remedy.scope]}, ${words.risk[remedy.risk]})`;
    const disrupts = remedy.disrupts ? indented(4, remedy.disrupts[lang]) : '';
    return indented(2, head) + disrupts + remedy.steps.map((step) => stepText(step, ++number, lang)).join('');
  });
  return line(words.plan(target)) + remedies.join('');
}

function stepText(step: Step, number: number, lang: Lang): string {
  const { does, undo } = describeStep(step, lang);
  return indented(4, `${number}. ${does}`) + indented(7, `${CHANGE_WORDS[lang].undoes}${undo}`);
}

export function leftText(left: readonly Left[], lang: Lang): string {
  if (left.length === 0) return '';
  const words = CHANGE_WORDS[lang];
  const items = left.map(({ finding, why, remedy }) => {
    const what = remedy ? `${nameOf(finding)}, ${remedy.summary[lang]}` : nameOf(finding);
    return indented(2, `- ${what}: ${words.why[why]}`);
  });
  return line(words.left) + items.join('');
}

export function stillText(findings: readonly Finding[], lang: Lang): string {
  if (findings.length === 0) return '';
  const items = findings.map((finding) => indented(2, `- ${nameOf(finding)}: ${finding.title}`));
  return line(CHANGE_WORDS[lang].still) + items.join('');
}

function nameOf({ problem, subject }: Finding): string {
  return subject === '' ? problem : `${problem} ${subject}`;
}

/** What undo would look at of a run, last step first. */
export function standingText(run: RunRecord, target: string, lang: Lang): string {
  const words = CHANGE_WORDS[lang];
  const steps = run.steps.filter(mayStand).reverse();
  const items = steps.map(({ step }) => {
    const { does, undo } = describeStep(step, lang);
    return indented(2, `- ${does}`) + indented(4, `${words.undoes}${undo}`);
  });
  return line(words.undoPlan(run.run, run.at, target)) + items.join('');
}

/** One step's fate, as it comes. */
export function resultText({ step, result, detail }: StepReport, lang: Lang): string {
  const mark = result === 'failed' ? '✗' : result === 'skipped' ? '-' : '✓';
  const { does } = describeStep(step, lang);
  const more = detail[lang] === '' ? '' : `: ${detail[lang]}`;
  return indented(2, `${mark} ${does} — ${CHANGE_WORDS[lang].result[result]}${more}`);
}

/** A JSON result that a terminal can show as it is. */
export function jsonText(value: object): string {
  return `${harmless(JSON.stringify(value, undefined, 2), { keepLayout: true })}\n`;
}

/** A step's fate in the JSON of `fix` and `undo`. */
export function resultJson({ step, result, detail }: StepReport, lang: Lang): object {
  return { does: describeStep(step, lang).does, result, detail: detail[lang] };
}
