import type { FleetDifference, OtherValue } from './cluster-report.ts';
import { compareText, MOST_NAMED, namesIn } from './names.ts';
import type { NodeReport } from './node-report.ts';

/** What a ClusterReport holds of them. */
const MOST_DIFFERENCES = 32;
const MOST_VALUES = 8;

/** Facts in which nodes may rightly differ: they explain, and break nothing (src/diff weighs them as information, too). */
const MAY_DIFFER: ReadonlySet<string> = new Set(['os', 'virtualization']);

interface Vote {
  readonly kind: FleetDifference['kind'];
  readonly subject: string;
  readonly nodes: Map<string, string[]>;
}

/**
 * In what nodes differ that should be alike, those first where fewest stand out. A node that has not a fact, or could not read it, has no
 * vote. Settings are compared among nodes of one profile: each profile wants its own. Pure.
 */
export function fleetDifferences(reports: readonly NodeReport[]): readonly FleetDifference[] {
  const votes = new Map<string, Vote>();
  function cast(kind: Vote['kind'], group: string, subject: string, value: string, node: string): void {
    const key = `${kind} ${group} ${subject}`;
    const vote = votes.get(key) ?? { kind, subject, nodes: new Map<string, string[]>() };
    const nodes = vote.nodes.get(value) ?? [];
    nodes.push(node);
    votes.set(key, vote);
    vote.nodes.set(value, nodes);
  }
  for (const { node, profile, facts, settings } of reports) {
    cast('fact', '', 'profile', profile, node);
    for (const [subject, value] of Object.entries(facts)) {
      if (!MAY_DIFFER.has(subject)) cast('fact', '', subject, value, node);
    }
    for (const [subject, value] of Object.entries(settings)) cast('setting', profile, subject, value, node);
  }
  return [...votes.values()]
    .flatMap((vote) => differenceIn(vote) ?? [])
    .sort((a, b) => oddOnes(a) - oddOnes(b) || compareText(a.kind, b.kind) || compareText(a.subject, b.subject))
    .slice(0, MOST_DIFFERENCES);
}

function differenceIn({ kind, subject, nodes }: Vote): FleetDifference | undefined {
  if (nodes.size < 2) return undefined;
  const total = [...nodes.values()].reduce((sum, { length }) => sum + length, 0);
  const common = [...nodes].find(([, { length }]) => 2 * length > total)?.[0];
  const others = [...nodes]
    .filter(([value]) => value !== common)
    .map(([value, names]): OtherValue => ({ value, count: names.length, nodes: firstOf(names) }))
    .sort((a, b) => a.count - b.count || compareText(a.value, b.value));
  return { kind, subject, common: common ?? '', others: others.slice(0, MOST_VALUES) };
}

/** How many stand out; where nothing is common all do. */
export function oddOnes({ others }: FleetDifference): number {
  return others.reduce((sum, { count }) => sum + count, 0);
}

/** e.g. `kernel is 6.4.0 on node-3, and 6.6.1 elsewhere`. */
export function differenceWords({ subject, common, others }: FleetDifference): string {
  const told = others.map(({ value, count, nodes }) => `${value || '(empty)'} on ${namesIn(nodes, count)}`);
  const rest = common === '' ? '' : `, and ${common} elsewhere`;
  return `${subject} is ${told.join('; ')}${rest}`;
}

function firstOf(names: readonly string[]): readonly string[] {
  return names.toSorted(compareText).slice(0, MOST_NAMED);
}
