import { harmless, harmlessJson } from '../hosts/sanitise.ts';
import type { Finding } from '../judging/finding.ts';
import type { Lang } from '../lang.ts';
import type { Left } from '../remedies/choose.ts';
import { describeStep } from '../remedies/describe.ts';
import type { StepReport } from '../remedies/run-plan.ts';
import { mayStand, type PlannedRemedy, type RunRecord } from '../remedies/run-record.ts';
import type { Step } from '../remedies/step.ts';
import { displayWidth } from '../report/display-width.ts';
import { oneLine } from '../report/text-line.ts';
import { wrap } from '../report/wrap.ts';
import { CHANGE_WORDS } from './change-words.ts';

/** One harmless line. */
export function line(text: string): string {
  return `${harmless(text.replace(/\s+/gu, ' ').trimEnd())}\n`;
}

/** How text is laid out for a person. */
export interface Layout {
  readonly lang: Lang;
  /** Columns of the terminal. */
  readonly width: number;
}

/** A paragraph behind `lead`, set in as far as that. A path that is longer than a line stays whole. */
export function block(lead: string, text: string, { width }: Layout): string {
  const inset = displayWidth(lead);
  const lines = wrap(oneLine(text), width - inset, 'whole');
  return lines.map((each, index) => `${index === 0 ? lead : ' '.repeat(inset)}${each}\n`).join('');
}

/** The plan as it is shown before anything is asked: every step with what it does and how it is taken back. */
export function planText(
  target: string,
  plan: readonly PlannedRemedy[],
  layout: Layout & { readonly verbose: boolean },
): string {
  const { lang, verbose } = layout;
  const words = CHANGE_WORDS[lang];
  let number = 0;
  const remedies = plan.map((remedy) => {
    const aside = words.aside([words.scope[remedy.scope], words.risk[remedy.risk]]);
    const head = block('  ', `${remedy.problem} — ${remedy.summary[lang]}${aside}`, layout);
    const disrupts = remedy.disrupts ? block('    ', remedy.disrupts[lang], layout) : '';
    const steps = remedy.steps.map((step) => stepText(step, ++number, layout) + (verbose ? contentText(step) : ''));
    return head + disrupts + steps.join('');
  });
  const files = plan.some(({ steps }) => steps.some(({ kind }) => kind === 'file'));
  return line(words.plan(target)) + remedies.join('') + (files && !verbose ? block('  ', words.contents, layout) : '');
}

function stepText(step: Step, number: number, layout: Layout): string {
  const { does, undo } = describeStep(step, layout.lang);
  const lead = `    ${number}. `;
  return (
    block(lead, does, layout) + block(' '.repeat(lead.length), `${CHANGE_WORDS[layout.lang].undoes}${undo}`, layout)
  );
}

/** What a file will hold, line by line as it is. */
function contentText(step: Step): string {
  if (step.kind !== 'file') return '';
  const lines = step.content.replace(/\n$/, '').split('\n');
  return lines
    .map((each) => `       | ${harmless(each)}`.trimEnd())
    .map((each) => `${each}\n`)
    .join('');
}

export function leftText(left: readonly Left[], layout: Layout): string {
  if (left.length === 0) return '';
  const { lang } = layout;
  const words = CHANGE_WORDS[lang];
  const items = left.map(({ finding, why, remedy }) => {
    const what = remedy ? `${nameOf(finding)}, ${remedy.summary[lang]}` : nameOf(finding);
    return block('  - ', what + words.colon + words.why[why], layout);
  });
  return line(words.left) + items.join('');
}

export function stillText(findings: readonly Finding[], layout: Layout): string {
  if (findings.length === 0) return '';
  const words = CHANGE_WORDS[layout.lang];
  const items = findings.map((finding) => block('  - ', nameOf(finding) + words.colon + finding.title, layout));
  return line(words.still) + items.join('');
}

/** What could not be seen, and why. */
export function unseenText(findings: readonly Finding[], layout: Layout): string {
  if (findings.length === 0) return '';
  const words = CHANGE_WORDS[layout.lang];
  const items = findings.map((finding) =>
    block('  - ', nameOf(finding) + words.colon + (finding.unknown?.detail ?? ''), layout),
  );
  return line(words.unseen) + items.join('');
}

function nameOf({ problem, subject }: Finding): string {
  return subject === '' ? problem : `${problem} ${subject}`;
}

/** What undo would look at of a run, last step first. */
export function standingText(run: RunRecord, target: string, layout: Layout): string {
  const words = CHANGE_WORDS[layout.lang];
  const steps = run.steps.filter(mayStand).reverse();
  const items = steps.map(({ step }) => {
    const { does, undo } = describeStep(step, layout.lang);
    return block('  - ', does, layout) + block('    ', `${words.undoes}${undo}`, layout);
  });
  return block('', words.undoPlan(run.run, run.at, target), layout) + items.join('');
}

/** One step's fate, as it comes. */
export function resultText({ step, result, detail }: StepReport, layout: Layout): string {
  const { lang } = layout;
  const words = CHANGE_WORDS[lang];
  const mark = result === 'failed' ? '✗' : result === 'skipped' ? '-' : '✓';
  const more = detail[lang] === '' ? '' : words.colon + detail[lang];
  return block(`  ${mark} `, `${describeStep(step, lang).does} — ${words.result[result]}${more}`, layout);
}

/** A JSON result that a terminal can show as it is. */
export function jsonText(value: object): string {
  return `${harmlessJson(JSON.stringify(value, undefined, 2))}\n`;
}

/** A step's fate in the JSON of `fix` and `undo`. */
export function resultJson({ step, result, detail }: StepReport, lang: Lang): object {
  return { does: describeStep(step, lang).does, result, detail: detail[lang] };
}
