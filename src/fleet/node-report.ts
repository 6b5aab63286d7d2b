import type { ListedObject } from '../cluster/client/list.ts';
import type { KubeBody } from '../cluster/client/write.ts';
import { identityOf, listAt, numberAt, objectAt, textAt } from '../cluster/object-fields.ts';
import type { UnknownReason } from '../hosts/reading.ts';
import { firstLine } from '../hosts/sanitise.ts';
import { type Finding, PHASES, type Phase, SEVERITIES, type Severity } from '../judging/finding.ts';
import { API_VERSION } from '../vm-networks/cluster/model.ts';
import { compareText } from './names.ts';

/** One a node, of the node's name; written by the guard there (deploy/controller/crds.yaml; docs/guard.md). */
export const NODE_REPORTS = {
  kind: 'NodeReport',
  plural: 'nodereports',
  path: `/apis/${API_VERSION}/nodereports`,
} as const;
/** Who writes them, to server-side apply: a node's guard, and nobody else. */
export const REPORTER = 'hayward-guard';

/** What a node's guard says of its node. */
export interface NodeReport {
  readonly node: string;
  readonly agent: { readonly version: string };
  /** RFC 3339, the node's clock: of the judgement that said this first. Empty where the object tells none. */
  readonly takenAt: string;
  readonly profile: string;
  /** Where the node is in its start: until `launched`, what is wrong may pass by itself. */
  readonly launch: Launch;
  /** For comparing nodes: `os`, `kernel`, `kubernetes`, `cni` …; what a node has not is not there. */
  readonly facts: Readonly<Record<string, string>>;
  /** What is guarded, as `net.ipv4.ip_forward`, and as it reads. */
  readonly settings: Readonly<Record<string, string>>;
  /** Facts and settings that could not be read, and why: neither same nor different. */
  readonly unseen: Readonly<Record<string, UnknownReason>>;
  /** What is wrong or not known, the worst first, at most 64. */
  readonly findings: readonly ReportedFinding[];
  /** Findings there was no room for. */
  readonly leftOut: number;
  /** Of all findings. Those of severity `info` decide nothing, and are counted as neither problem nor unknown. */
  readonly counts: { readonly ok: number; readonly problem: number; readonly unknown: number };
  readonly guard: GuardState;
}

const LAUNCHES = ['before-launch', 'launching', 'launched', 'unknown'] as const;
export type Launch = (typeof LAUNCHES)[number];

export interface ReportedFinding {
  readonly problem: string;
  /** What exactly; empty for the node as a whole. */
  readonly subject: string;
  readonly status: 'problem' | 'unknown';
  readonly severity: Severity;
  readonly phase?: Phase;
  readonly title: string;
  readonly cause: string;
  /** RFC 3339: since when the node has said so. Empty where the object tells none. */
  readonly since: string;
  readonly unknown?: { readonly reason: UnknownReason; readonly detail: string };
}

/** How the guard itself is doing. */
export interface GuardState {
  /** What is in force: kernel, poll, observe, off. */
  readonly enforce: string;
  /** Things that are to be held, and how many of them are at this moment. */
  readonly keys: number;
  readonly held: number;
  /** Rewritten by somebody again and again. */
  readonly contested: number;
  /** Wanted in two ways, so not held. */
  readonly conflicts: number;
  readonly paused: boolean;
}

/** What a report is made of: one judgement of the node, and how its guard is doing. */
export interface NodeJudgement
  extends Pick<NodeReport, 'node' | 'takenAt' | 'profile' | 'launch' | 'facts' | 'settings' | 'unseen' | 'guard'> {
  readonly version: string;
  readonly findings: readonly JudgedFinding[];
}

export type JudgedFinding = Pick<
  Finding,
  'problem' | 'subject' | 'status' | 'severity' | 'phase' | 'title' | 'cause' | 'since' | 'unknown'
>;

/** What a report holds at most, in entries and in characters: 1,000 nodes' reports are read at once. */
export const MOST_FINDINGS = 64;
export const MOST_FACTS = 32;
export const MOST_SETTINGS = 128;
const NAME = 128;
const VALUE = 256;
const TITLE = 200;
const SENTENCES = 400;
const MOST_COUNTED = 1_000_000;

/**
 * A judgement as a report, bounded and harmless. What was already so keeps since when it has been, from the report `before`. Pure: the
 * same judgement gives the same report, whatever the order of its findings.
 */
export function reportOf(judgement: NodeJudgement, before?: NodeReport): NodeReport {
  const { node, version, takenAt, findings } = judgement;
  const told = findings.flatMap((finding) => toldOf(finding, takenAt, before) ?? []).sort(byWeight);
  const counted = findings.filter(({ severity }) => severity !== 'info');
  return {
    node,
    agent: { version: bounded(version, NAME) },
    takenAt: timeFrom(takenAt),
    profile: bounded(judgement.profile, NAME),
    launch: judgement.launch,
    facts: boundedMap(judgement.facts, MOST_FACTS),
    settings: boundedMap(judgement.settings, MOST_SETTINGS),
    unseen: reasonsFrom(judgement.unseen),
    findings: told.slice(0, MOST_FINDINGS),
    leftOut: Math.max(0, told.length - MOST_FINDINGS),
    counts: {
      ok: findings.filter(({ status }) => status === 'ok').length,
      problem: counted.filter(({ status }) => status === 'problem').length,
      unknown: counted.filter(({ status }) => status === 'unknown').length,
    },
    guard: guardFrom(judgement.guard),
  };
}

/** Whether two reports say the same, whenever they say it. */
export function saysTheSame(one: NodeReport, other: NodeReport): boolean {
  return contentOf(one) === contentOf(other);
}

function contentOf({ takenAt: _, findings, ...rest }: NodeReport): string {
  return JSON.stringify({ ...rest, findings: findings.map(({ since: _since, ...said }) => said) });
}

/** How bad it is: `unknown` where no problem is known and what decides could not be seen. */
export function worstOf({ findings }: Pick<NodeReport, 'findings'>): 'critical' | 'warning' | 'unknown' | 'ok' {
  const worst = findings.filter(({ severity }) => severity !== 'info').toSorted(byWeight)[0];
  if (!worst) return 'ok';
  return worst.status === 'unknown' || worst.severity === 'info' ? 'unknown' : worst.severity;
}

/**
 * Reads a NodeReport without believing it: somebody may have made it by hand, or a guard of another version. What has not the form is
 * left out, all else is bounded and harmless. Undefined for one that is on its way out, or says nothing.
 */
export function nodeReportOf(object: ListedObject): NodeReport | undefined {
  const identity = identityOf(object);
  const status = objectAt(object, 'status');
  if (!identity || !status) return undefined;
  const counts = objectAt(status, 'counts');
  return {
    node: identity.name,
    agent: { version: textOf(objectAt(status, 'agent'), 'version', NAME) },
    takenAt: timeFrom(textAt(status, 'takenAt')),
    profile: textOf(status, 'profile', NAME),
    launch: LAUNCHES.find((one) => one === textAt(status, 'launch')) ?? 'unknown',
    facts: boundedMap(objectAt(status, 'facts'), MOST_FACTS),
    settings: boundedMap(objectAt(status, 'settings'), MOST_SETTINGS),
    unseen: reasonsFrom(objectAt(status, 'unseen')),
    findings: listAt(status, 'findings')
      .slice(0, MOST_FINDINGS)
      .flatMap((one) => findingFrom(one) ?? [])
      .sort(byWeight),
    leftOut: countOf(status, 'leftOut'),
    counts: { ok: countOf(counts, 'ok'), problem: countOf(counts, 'problem'), unknown: countOf(counts, 'unknown') },
    guard: guardFrom(objectAt(status, 'guard')),
  };
}

/** What is applied of a NodeReport. It goes with its Node; `uid` is that Node's. */
export function nodeReportBody({ node, ...status }: NodeReport, uid: string): KubeBody {
  return {
    apiVersion: API_VERSION,
    kind: NODE_REPORTS.kind,
    metadata: { name: node, ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: node, uid }] },
    status: { ...status, worst: worstOf(status) },
  };
}

function toldOf(finding: JudgedFinding, takenAt: string, before: NodeReport | undefined): ReportedFinding | undefined {
  const { status, severity, phase, unknown } = finding;
  if (status !== 'problem' && status !== 'unknown') return undefined;
  const said = {
    problem: bounded(finding.problem, NAME),
    subject: bounded(finding.subject, NAME),
    status,
    severity,
    ...(phase && { phase }),
    title: bounded(finding.title, TITLE),
    cause: bounded(finding.cause, SENTENCES),
  };
  const earlier = before?.findings.find((one) => isOfSame(one, said));
  return {
    ...said,
    since: timeFrom(finding.since ?? (earlier?.since || takenAt)),
    ...(unknown && { unknown: { reason: unknown.reason, detail: bounded(unknown.detail, SENTENCES) } }),
  };
}

function isOfSame(one: ReportedFinding, other: Pick<ReportedFinding, 'problem' | 'subject' | 'status'>): boolean {
  return one.problem === other.problem && one.subject === other.subject && one.status === other.status;
}

const STATUSES = ['problem', 'unknown'] as const;
const REASONS = ['absent', 'denied', 'failed', 'not-collected'] as const;

function findingFrom(value: unknown): ReportedFinding | undefined {
  const problem = textOf(value, 'problem', NAME);
  const status = STATUSES.find((one) => one === textAt(value, 'status'));
  const severity = SEVERITIES.find((one) => one === textAt(value, 'severity'));
  if (problem === '' || !status || !severity) return undefined;
  const phase = PHASES.find((one) => one === textAt(value, 'phase'));
  const unknown = objectAt(value, 'unknown');
  const reason = REASONS.find((one) => one === textAt(unknown, 'reason'));
  return {
    problem,
    subject: textOf(value, 'subject', NAME),
    status,
    severity,
    ...(phase && { phase }),
    title: textOf(value, 'title', TITLE),
    cause: textOf(value, 'cause', SENTENCES),
    since: timeFrom(textAt(value, 'since')),
    ...(reason && { unknown: { reason, detail: textOf(unknown, 'detail', SENTENCES) } }),
  };
}

const RANK: Readonly<Record<`${ReportedFinding['status']} ${Severity}`, number>> = {
  'problem critical': 0,
  'problem warning': 1,
  'unknown critical': 2,
  'unknown warning': 3,
  'problem info': 4,
  'unknown info': 5,
};

function byWeight(one: ReportedFinding, other: ReportedFinding): number {
  const rank = (finding: ReportedFinding): number => RANK[`${finding.status} ${finding.severity}`];
  return rank(one) - rank(other) || compareText(one.problem, other.problem) || compareText(one.subject, other.subject);
}

function guardFrom(value: unknown): GuardState {
  return {
    enforce: textOf(value, 'enforce', NAME),
    keys: countOf(value, 'keys'),
    held: countOf(value, 'held'),
    contested: countOf(value, 'contested'),
    conflicts: countOf(value, 'conflicts'),
    paused: objectAt(value)?.['paused'] === true,
  };
}

/** Texts alone, in the order of their keys, so that the same content has the same form. */
function boundedMap(fields: unknown, most: number): Readonly<Record<string, string>> {
  const entries = Object.entries(objectAt(fields) ?? {}).flatMap(([key, value]) => {
    const name = bounded(key, NAME);
    return typeof value === 'string' && name !== '' ? [[name, bounded(value, VALUE)] as const] : [];
  });
  return Object.fromEntries(entries.sort(([a], [b]) => compareText(a, b)).slice(0, most));
}

function reasonsFrom(fields: unknown): Readonly<Record<string, UnknownReason>> {
  const entries = Object.entries(boundedMap(fields, MOST_FACTS + MOST_SETTINGS)).flatMap(([key, text]) => {
    const reason = REASONS.find((one) => one === text);
    return reason ? [[key, reason] as const] : [];
  });
  return Object.fromEntries(entries);
}

function countOf(value: unknown, field: string): number {
  return Math.min(MOST_COUNTED, Math.max(0, Math.trunc(numberAt(value, field) ?? 0)));
}

function textOf(value: unknown, field: string, most: number): string {
  return bounded(textAt(value, field) ?? '', most);
}

/** One line, harmless; cut where it is too long, never within a character. */
function bounded(text: string, most: number): string {
  const line = firstLine(text.slice(0, 4 * SENTENCES));
  return line.length <= most ? line : `${line.slice(0, most - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

/** What is no time is none; what is one is written in one way. Years of more than four digits are no RFC 3339. */
function timeFrom(text: string | undefined): string {
  const at = new Date(text ?? Number.NaN);
  return Number.isNaN(at.getTime()) || at.getUTCFullYear() < 1970 || at.getUTCFullYear() > 9999 ? '' : at.toISOString();
}
