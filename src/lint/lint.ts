import type { Finding } from '../judging/finding.ts';
import { wordedFinding } from '../judging/worded.ts';
import type { Lang } from '../lang.ts';
import type { Remedy } from '../remedies/remedy.ts';
import type { LintOptions, Repair, Rule, Verdict } from './rule.ts';
import { RULES } from './rules.ts';
import type { Sight } from './sight.ts';

/** A finding in a file, with what puts it right there. */
export interface LintFinding {
  readonly finding: Finding;
  readonly repair?: Repair;
}

export interface Wanted extends LintOptions {
  readonly lang: Lang;
  /** Rules by id; all where it is not given. */
  readonly only?: readonly string[];
}

/** The ids of all rules, in the order they are run. */
export const RULE_IDS: readonly string[] = RULES.map(({ id }) => id);

/** Judges what was read. Pure: the same files give the same findings anywhere. By file, in the order read, then by place. */
export function lint(sight: Sight, wanted: Wanted): readonly LintFinding[] {
  const rules = RULES.filter(({ id }) => !wanted.only || wanted.only.includes(id)) as unknown as readonly Rule[];
  const findings = rules.flatMap((rule) =>
    [...rule.check(sight, wanted)].map((one) => findingOf(rule, one, wanted.lang)),
  );
  const order = new Map(sight.names.map((name, index) => [name, index]));
  const key = ({ finding: { target, evidence } }: LintFinding) =>
    [order.get(target) ?? 0, evidence[0]?.line ?? 0, evidence[0]?.column ?? 0] as const;
  const keyed = findings.map((one) => ({ one, key: key(one) }));
  keyed.sort((a, b) => a.key[0] - b.key[0] || a.key[1] - b.key[1] || a.key[2] - b.key[2]);
  return keyed.map(({ one }) => one);
}

function findingOf(rule: Rule, { file, judgement, repair }: Verdict<unknown>, lang: Lang): LintFinding {
  const finding = wordedFinding(rule, judgement, { target: file, lang });
  return repair ? { finding: { ...finding, remedies: [remedyOf(repair)] }, repair } : { finding };
}

/** What `--fix` does, as other reports tell of remedies; its steps are of no node. */
function remedyOf({ summary }: Repair): Remedy {
  return { id: 'edit-manifest', summary, risk: 'none', scope: 'persist', steps: [] };
}
