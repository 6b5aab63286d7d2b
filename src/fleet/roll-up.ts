import type { SharedProblem } from './cluster-report.ts';
import { compareText, MOST_NAMED } from './names.ts';
import type { NodeReport } from './node-report.ts';
import { problemsOf } from './node-standing.ts';

/** What a ClusterReport holds of them. */
const MOST_PROBLEMS = 32;

interface Gathered {
  readonly title: string;
  severity: SharedProblem['severity'];
  readonly nodes: string[];
}

/** The problems of nodes, each with the nodes that have it, the gravest and then the commonest first. Pure. */
export function sharedProblems(reports: readonly NodeReport[]): readonly SharedProblem[] {
  const gathered = new Map<string, Gathered>();
  for (const report of reports) {
    for (const { problem, title, severity } of problemsOf(report)) {
      const one = gathered.get(problem) ?? { title, severity, nodes: [] };
      if (severity === 'critical') one.severity = severity;
      if (one.nodes.at(-1) !== report.node) one.nodes.push(report.node);
      gathered.set(problem, one);
    }
  }
  return [...gathered]
    .map(([problem, { title, severity, nodes }]) => ({
      problem,
      severity,
      title,
      count: nodes.length,
      nodes: nodes.sort(compareText).slice(0, MOST_NAMED),
    }))
    .sort((a, b) => rank(a) - rank(b) || b.count - a.count || compareText(a.problem, b.problem))
    .slice(0, MOST_PROBLEMS);
}

function rank({ severity }: SharedProblem): number {
  return severity === 'critical' ? 0 : 1;
}
