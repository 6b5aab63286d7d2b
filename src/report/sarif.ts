import { createHash } from 'node:crypto';
import { harmless } from '../hosts/sanitise.ts';
import type { Evidence, Finding, Severity } from '../judging/finding.ts';
import type { Report } from './report.ts';

const LEVELS = { critical: 'error', warning: 'warning', info: 'note' } as const;

/** The base that paths on a node are relative to, so that a viewer maps them to nothing of its own. */
const NODE_ROOT = 'NODE_ROOT';

/**
 * The report as SARIF 2.1.0: problems are results; what could not be seen is a notification of the run, which is the
 * format's own place for a judgement that could not be made (a result would read as something found).
 */
export function renderSarif(report: Report): string {
  const rules = rulesOf(report.findings);
  const index = new Map(rules.map(({ id }, position) => [id, position]));
  const place = (id: string) => ({ id, index: index.get(id) ?? -1 });
  const started = Date.parse(report.takenAt);
  const document = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: report.tool.name, version: report.tool.version, rules } },
        originalUriBaseIds: { [NODE_ROOT]: { uri: 'file:///', description: { text: "The judged node's file tree." } } },
        invocations: [
          {
            executionSuccessful: true,
            startTimeUtc: report.takenAt,
            ...(Number.isFinite(started) && { endTimeUtc: new Date(started + report.durationMs).toISOString() }),
            toolExecutionNotifications: report.findings
              .filter(({ status }) => status === 'unknown')
              .map((finding) => notification(finding, place(finding.problem))),
          },
        ],
        results: report.findings
          .filter(({ status }) => status === 'problem')
          .map((finding) => result(finding, place(finding.problem))),
      },
    ],
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

interface RulePlace {
  readonly id: string;
  readonly index: number;
}

/** One rule a problem id, in the order seen. The level is the worst that was seen of it. */
function rulesOf(findings: readonly Finding[]): { readonly id: string }[] {
  const byId = new Map<string, Finding[]>();
  for (const finding of findings) byId.set(finding.problem, [...(byId.get(finding.problem) ?? []), finding]);
  return [...byId].map(([id, own]) => {
    const first = own[0];
    const title = clean(first?.title ?? id);
    return {
      id,
      name: id,
      shortDescription: { text: title },
      fullDescription: { text: title },
      helpUri: first?.docs ?? '',
      help: { text: `See ${first?.docs ?? ''}` },
      defaultConfiguration: { level: LEVELS[worst(own)] },
      properties: { tags: ['network', 'kubernetes'] },
    };
  });
}

function worst(findings: readonly Finding[]): Severity {
  const seen = findings.filter(({ status }) => status === 'problem').map(({ severity }) => severity);
  return seen.includes('critical') ? 'critical' : seen.includes('warning') ? 'warning' : 'info';
}

function result(finding: Finding, rule: RulePlace): object {
  const message = [finding.title, finding.cause, finding.impact].filter((part) => part !== '').map(clean);
  return {
    ruleId: rule.id,
    ruleIndex: rule.index,
    level: LEVELS[finding.severity],
    message: { text: message.join(' ') },
    locations: [location(finding)],
    partialFingerprints: { primaryLocationLineHash: fingerprint(finding) },
    properties: { target: clean(finding.target), subject: clean(finding.subject) },
  };
}

/**
 * The same trouble keeps its identity from run to run, whatever value it has at the moment. In a file an object may have
 * several of one kind, each in a field of its own.
 */
function fingerprint({ problem, target, subject, evidence }: Finding): string {
  const field = evidence[0]?.column === undefined ? [] : [evidence[0].source];
  return createHash('sha256')
    .update(JSON.stringify([problem, target, subject, ...field]))
    .digest('hex')
    .slice(0, 32);
}

/** GitHub shows no result without a file, so one that rests on a command alone points at its problem's page. */
function location(finding: Finding): object {
  const where =
    finding.evidence.find(({ file }) => file !== undefined) ??
    finding.evidence.find(({ source }) => /^\/\S+$/.test(source));
  const logicalLocations = [
    {
      name: clean(finding.subject || finding.target),
      fullyQualifiedName: clean(`${finding.target}/${finding.subject}`),
    },
  ];
  const artifactLocation = where ? artifact(where) : { uri: finding.docs };
  const region = { startLine: Math.max(1, where?.line ?? 1), ...(where?.column && { startColumn: where.column }) };
  return { physicalLocation: { artifactLocation, region }, logicalLocations };
}

function artifact({ file, source }: Evidence): object {
  const path = file ?? source;
  const uri = path
    .replace(/^\/+/, '')
    .split('/')
    .map((part) => encodeURIComponent(harmless(part)))
    .join('/');
  return path.startsWith('/') ? { uri, uriBaseId: NODE_ROOT } : { uri };
}

function notification(finding: Finding, associatedRule: RulePlace): object {
  return {
    level: finding.severity === 'info' ? 'note' : 'warning',
    message: { text: clean(`${finding.target}: ${finding.title}: ${finding.unknown?.detail ?? finding.cause}`) },
    associatedRule,
  };
}

function clean(text: string): string {
  return harmless(text.replace(/\s+/g, ' '));
}
