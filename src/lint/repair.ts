import { unifiedDiff } from '../manifests/diff.ts';
import { applyEdits } from '../manifests/edit.ts';
import { type LintFinding, lint, type Wanted } from './lint.ts';
import { type Sight, sightOf } from './sight.ts';

/** A file's text put right, proven to be read as before but for what was wrong. */
export interface RepairedFile {
  readonly name: string;
  readonly before: string;
  readonly after: string;
  readonly diff: string;
  /** What was put right. */
  readonly findings: readonly LintFinding[];
}

/**
 * Applies what rules offer. Each file is judged anew afterwards: one in which a repaired finding is still seen, or which holds
 * another number of objects than before, is left as it was.
 */
export function repairFiles(sight: Sight, findings: readonly LintFinding[], wanted: Wanted): readonly RepairedFile[] {
  const byFile = new Map<string, LintFinding[]>();
  for (const one of findings) {
    if (!one.repair) continue;
    const same = byFile.get(one.finding.target);
    if (same) same.push(one);
    else byFile.set(one.finding.target, [one]);
  }
  const counts = new Map<string, number>();
  for (const { file } of sight.manifests) counts.set(file.name, (counts.get(file.name) ?? 0) + 1);
  return sight.files.flatMap(({ name, text }): RepairedFile[] => {
    const own = byFile.get(name) ?? [];
    const edits = own.flatMap(({ repair }) => repair?.edits ?? []);
    if (edits.length === 0) return [];
    const after = applyEdits(text, edits);
    const again = sightOf([{ name, bytes: new TextEncoder().encode(after) }]);
    const broken = again.manifests.length !== counts.get(name) || lint(again, wanted).some(({ repair }) => repair);
    return broken ? [] : [{ name, before: text, after, diff: unifiedDiff(name, text, edits), findings: own }];
  });
}
