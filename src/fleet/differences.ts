import type { FleetDifference, OtherValue } from './cluster-report.ts';
import { compareText, MOST_NAMED, namesIn } from './names.ts';
import type { NodeReport } from './node-report.ts';

/** What a ClusterReport holds of them. */
const MOST_DIFFERENCES = 32;
const MOST_VALUES = 8;

/** Facts in which nodes may rightly differ: they explain, and break nothing (src/diff weighs the system's name as information, too). */
const MAY_DIFFER: ReadonlySet<string> = new Set(['os']);

/** By subject and value, the nodes that have it. Maps in maps: a thousand nodes cast some thirty votes each. */
type Votes = Map<string, Map<string, string[]>>;

/**
 * In what nodes differ that should be alike, those first where fewest stand out. A node that has not a fact, or could not read it, has no
 * vote. Settings are compared among nodes of one profile: each profile wants its own. Pure.
 */
export function fleetDifferences(reports: readonly NodeReport[]): readonly FleetDifference[] {
  const facts: Votes = new Map();
  const settings = new Map<string, Votes>();
  for (const report of reports) {
    const { node, profile } = report;
    const ofProfile: Votes = settings.get(profile) ?? new Map();
    settings.set(profile, ofProfile);
    cast(facts, 'profile', profile, node);
    for (const subject in report.facts) {
      if (!MAY_DIFFER.has(subject)) cast(facts, subject, report.facts[subject] ?? '', node);
    }
    for (const subject in report.settings) cast(ofProfile, subject, report.settings[subject] ?? '', node);
  }
  return [
    ...differencesIn('fact', facts),
    ...[...settings.values()].flatMap((votes) => differencesIn('setting', votes)),
  ]
    .sort((a, b) => oddOnes(a) - oddOnes(b) || compareText(a.kind, b.kind) || compareText(a.subject, b.subject))
    .slice(0, MOST_DIFFERENCES);
}

function cast(votes: Votes, subject: string, value: string, node: string): void {
  const values = votes.get(subject);
  const nodes = values?.get(value);
  if (nodes) nodes.push(node);
  else if (values) values.set(value, [node]);
  else votes.set(subject, new Map([[value, [node]]]));
}

function differencesIn(kind: FleetDifference['kind'], votes: Votes): readonly FleetDifference[] {
  return [...votes].flatMap(([subject, nodes]) => differenceIn(kind, subject, nodes) ?? []);
}

type Values = ReadonlyMap<string, readonly string[]>;

function differenceIn(kind: FleetDifference['kind'], subject: string, nodes: Values): FleetDifference | undefined {
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
