import { compare } from '../diff/compare.ts';
import type { Comparison } from '../diff/model.ts';
import { asksOf, examineCapture } from '../examine.ts';
import { diffText } from '../report/diff-text.ts';
import { jsonText } from '../report/json.ts';
import { thorough } from '../thorough-host.ts';
import { VERSION } from '../version.ts';
import { askHosts } from './ask-hosts.ts';
import type { CommonOptions } from './common-options.ts';
import { pairsOf, sideFrom } from './diff-sides.ts';

/** Looks at both sides, compares and prints. Returns the exit status. */
export async function diffFlow(a: string, b: string, options: CommonOptions & { json: boolean }): Promise<number> {
  const { pairs, onlyA, onlyB } = pairsOf(await sideFrom(a), await sideFrom(b));
  const captures = await askHosts(pairs.flat().map(thorough), asksOf(options.only), options);
  const examined = captures.map((capture) => examineCapture(capture, options));
  const comparisons = pairs.flatMap((_, index): Comparison[] => {
    const [one, other] = [examined[2 * index], examined[2 * index + 1]];
    return one && other ? [compare(one, other)] : [];
  });
  const seen = { comparisons, onlyA, onlyB };
  process.stdout.write(
    options.json
      ? jsonText({ schemaVersion: 1, tool: { name: 'hayward', version: VERSION }, a, b, ...seen })
      : diffText(seen, options),
  );
  const counted = options.failOn === 'critical' ? ['critical'] : ['critical', 'warning'];
  if (comparisons.some(({ differences }) => differences.some(({ weight }) => counted.includes(weight)))) return 1;
  return captures.some(({ unreachable }) => unreachable !== undefined) ? 3 : 0;
}
