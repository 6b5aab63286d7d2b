import type { Change } from '../cluster/changes.ts';
import type { ClusterSnapshot } from '../cluster/model.ts';
import type { Verdict } from '../cluster/verdict.ts';
import type { UnknownReason } from '../hosts/reading.ts';
import { harmless } from '../hosts/sanitise.ts';
import { shellWord } from '../hosts/shell-text.ts';
import type { Finding, Severity } from '../judging/finding.ts';
import type { Lang } from '../lang.ts';
import { cutTo, displayWidth, padTo } from './display-width.ts';
import { painter, type Style } from './paint.ts';
import type { RenderOptions } from './report.ts';
import { fullLines } from './status-full.ts';
import { STATUS_WORDS, type StatusWords } from './status-words.ts';
import { MARKS, nameOf, namesOf } from './text-finding.ts';
import { hanging, oneLine } from './text-line.ts';
import { WORDS } from './words.ts';

/** What the screen tells of a look beside its findings. */
type Looked = Pick<
  ClusterSnapshot,
  'takenAt' | 'target' | 'kubeconfig' | 'identity' | 'apiServers' | 'harvesterVersion'
>;

/** One look at a cluster, judged. */
export interface ClusterStatus {
  readonly verdict: Verdict;
  readonly findings: readonly Finding[];
  readonly snapshot: Looked;
}

export interface ScreenOptions extends RenderOptions {
  /** Lines there are: what does not fit is counted. Without it everything is told. */
  readonly rows?: number;
  /** The problems asked for, where it was not for all: the verdict is the cluster's all the same. */
  readonly only?: readonly string[];
}

const STYLES: Readonly<Record<Verdict, Style>> = {
  ready: 'ok',
  settling: 'warning',
  'not-ready': 'critical',
  unknown: 'unknown',
};
const SIGNS: Readonly<Record<Verdict, string>> = { ready: '✓', settling: '~', 'not-ready': '✗', unknown: '?' };

/** The answer on one screen: the verdict, what is wrong worst first, what it means and what to do next. */
export function statusLines(status: ClusterStatus, options: ScreenOptions): string[] {
  const head = headLines(status, options);
  const closing = closingLines(status.findings, options);
  const room = options.rows === undefined ? Number.POSITIVE_INFINITY : options.rows - head.length - closing.length;
  const whole = options.verbose && options.rows === undefined ? fullLines(status.findings, options) : [];
  return [...head, ...bodyLines(status, options, room), ...whole, ...closing];
}

function headLines({ verdict, snapshot, findings }: ClusterStatus, options: ScreenOptions): string[] {
  const { lang, width, color } = options;
  const words = STATUS_WORDS[lang];
  const paint = painter(color);
  const version = snapshot.apiServers.map((server) => server.version).find((one) => one.known);
  const parts = [
    `${SIGNS[verdict]} ${words.verdict[verdict]}`,
    snapshot.target,
    ...(snapshot.harvesterVersion.known ? [`Harvester ${snapshot.harvesterVersion.value}`] : []),
    ...(version?.known ? [`Kubernetes ${version.value}`] : []),
  ];
  const who = snapshot.identity.known ? ` ${words.as(oneLine(snapshot.identity.value.username))}` : '';
  const { owner, path } = snapshot.kubeconfig;
  const top = findings.find(({ problem }) => problem === 'cluster-ready');
  const meaning = verdict === 'ready' ? '' : (top?.impact ?? '');
  // A recorded cluster stays as it was.
  const advice = verdict === 'settling' && owner !== 'bundle' ? words.waitForIt : '';
  return [
    paint(cutTo(parts.map(oneLine).join(' · '), width), STYLES[verdict]),
    paint(cutTo(`  ${oneLine(snapshot.apiServers[0]?.url ?? '')}${who}`, width), 'faint'),
    paint(
      cutTo(
        `  ${oneLine(owner === 'bundle' ? words.of(path, snapshot.takenAt) : words.by(path, words.owner[owner] ?? ''))}`,
        width,
      ),
      'faint',
    ),
    ...hanging('  ', meaning + advice, width),
    ...(options.only ? hanging('  ', words.only(options.only.join(', ')), width) : []),
  ];
}

function bodyLines({ findings, snapshot }: ClusterStatus, options: ScreenOptions, room: number): string[] {
  const words = STATUS_WORDS[options.lang];
  const { blocks, notes } = sorted(findings, options.verbose);
  const lines: string[] = [];
  const fits = (more: readonly string[], kept: number): boolean =>
    rowsOf(lines, options.width) + rowsOf(more, options.width) + kept <= room;
  let untold = 0;
  for (const [index, block] of blocks.entries()) {
    const whole = ['', ...blockLines(block, snapshot, options)];
    // A line for each that is still to come, at least one for their number.
    const kept = index === blocks.length - 1 ? 0 : 1;
    const head = [headOf(block, whole, options)];
    if (untold === 0 && fits(whole, kept)) lines.push(...whole);
    else if (untold === 0 && fits(head, kept)) lines.push(...head);
    else untold++;
  }
  if (untold > 0) lines.push(cutTo(`  ${words.more(untold)}`, options.width));
  const told = namesOf(notes);
  const note = ['', cutTo(`  ${words.note(told.join(WORDS[options.lang].separator))}`, options.width)];
  if (told.length > 0 && !options.quiet && fits(note, 0)) lines.push(...note);
  return lines;
}

/** Rows of a terminal that lines take: it wraps a command that is longer than it is wide. */
function rowsOf(lines: readonly string[], width: number): number {
  return lines.reduce(
    (sum, line) => sum + Math.max(1, Math.ceil(displayWidth(line.replace(/\x1b\[[\d;]*m/g, '')) / width)),
    0,
  );
}

/** A problem and what follows from it, or all that is not known for one reason. */
interface Block {
  readonly finding: Finding;
  readonly others: readonly Finding[];
}

const RANK: Readonly<Record<Severity, number>> = { critical: 0, warning: 10, info: 20 };

/** What counts as wrong, worst first, with what follows from it; and notes, which are named only unless all is `inFull`. */
function sorted(
  findings: readonly Finding[],
  inFull: boolean,
): { readonly blocks: Block[]; readonly notes: Finding[] } {
  const told = findings.filter(({ problem }) => problem !== 'cluster-ready');
  const problems = told.filter(({ status }) => status === 'problem');
  const hidden = problems.filter(({ consequenceOf }) => problems.some(({ problem }) => problem === consequenceOf));
  const isNote = (one: Finding): boolean => one.status === 'problem' && !isOpen(one) && !hidden.includes(one);
  const open = told.filter((one) => (isOpen(one) && !hidden.includes(one)) || (inFull && isNote(one)));
  const adopted = new Set<Finding>();
  const blocks = open
    .filter(({ status }) => status === 'problem')
    .sort((a, b) => rankOf(a) - rankOf(b))
    .map((finding) => {
      const others = hidden.filter((one) => one.consequenceOf === finding.problem && !adopted.has(one));
      for (const one of others) adopted.add(one);
      return { finding, others };
    });
  return {
    blocks: [...blocks, ...unknownBlocks(open.filter(({ status }) => status === 'unknown'))],
    notes: inFull ? [] : told.filter(isNote),
  };
}

/** Below the problems, which may explain them; one block a reason: a server that does not answer is one, not twenty. */
function unknownBlocks(unknowns: readonly Finding[]): Block[] {
  const byReason = new Map<string, Finding[]>();
  for (const finding of unknowns) {
    const reason = finding.unknown?.reason ?? '';
    byReason.set(reason, [...(byReason.get(reason) ?? []), finding]);
  }
  return [...byReason.values()].flatMap(([finding, ...others]) => (finding ? [{ finding, others }] : []));
}

function isOpen({ status, severity }: Finding): boolean {
  return (status === 'problem' || status === 'unknown') && severity !== 'info';
}

function rankOf({ severity, phase }: Finding): number {
  return RANK[severity] + (phase === 'settling' ? 1 : 0);
}

function blockLines({ finding, others }: Block, snapshot: Looked, options: ScreenOptions): string[] {
  if (finding.status === 'unknown') return unknownLines([finding, ...others], snapshot, options);
  const { takenAt } = snapshot;
  const { lang, width, color, verbose } = options;
  const words = STATUS_WORDS[lang];
  const paint = painter(color);
  const { phase, since = takenAt } = finding;
  const seconds = (Date.parse(takenAt) - Date.parse(since)) / 1000;
  const about = [
    nameOf(finding),
    WORDS[lang].severity[finding.severity],
    ...(phase === undefined ? [] : [words.phase[phase]]),
    ...(seconds >= 1 ? [words.since(seconds)] : []),
  ];
  const follows = others.length > 0 ? words.follows(groupsOf(others, lang)) : '';
  return [
    paint(
      cutTo(`${phase === 'settling' ? '~' : MARKS[finding.severity]} ${about.join(' · ')}`, width),
      finding.severity,
    ),
    ...hanging('  ', oneLine(finding.title), width).map((line) => paint(line, 'heading')),
    ...(verbose ? labelled(words.why, oneLine(finding.cause), options) : []),
    ...labelled(words.means, oneLine(finding.impact), options),
    ...nextLines(finding.prove, words, options),
    ...(follows === '' ? [] : hanging('  ↳ ', follows, width)),
  ];
}

/** What shows why: each request that is refused, with the rule; or the same once more, as long as it takes. */
function nextOfUnknown(reason: UnknownReason | undefined, { owner, path }: Looked['kubeconfig']): string {
  if (owner === 'bundle') return '';
  const named = owner === 'option' ? ` --kubeconfig ${shellWord(path)}` : '';
  if (reason === 'denied') return `hayward status --only node-authorization --verbose${named}`;
  return reason === 'failed' ? `hayward status --wait${named}` : '';
}

/** Each problem once, with its subjects: `rancher-unready (harvester, rancher)`. */
function groupsOf(findings: readonly Finding[], lang: Lang): string {
  const { separator } = WORDS[lang];
  const subjects = new Map<string, Set<string>>();
  for (const { problem, subject } of findings) {
    const own = subjects.get(problem) ?? new Set();
    subjects.set(problem, subject === '' ? own : own.add(oneLine(subject)));
  }
  const groups = [...subjects].map(([id, own]) => (own.size > 0 ? `${id} (${[...own].join(separator)})` : id));
  return groups.join(separator);
}

/** Reasons told in full of what is not known for one reason. */
const TOLD_DETAILS = 2;

/** What is not known, and why, in a word. */
function notKnown(unknowns: readonly Finding[], { lang, verbose }: ScreenOptions): string {
  const reason = unknowns[0]?.unknown ? ` · ${WORDS[lang].reason[unknowns[0].unknown.reason]}` : '';
  const ids = [...new Set(unknowns.map(({ problem }) => problem))];
  const names = verbose || unknowns.length === 1 ? groupsOf(unknowns, lang) : ids.join(WORDS[lang].separator);
  return STATUS_WORDS[lang].notKnown(names) + reason;
}

/** A block in one line, where there is no room for more of it than `whole`'s first: a list of what is not known may be longer. */
function headOf({ finding, others }: Block, whole: readonly string[], options: ScreenOptions): string {
  if (finding.status !== 'unknown') return whole[1] ?? '';
  return painter(options.color)(cutTo(`? ${notKnown([finding, ...others], options)}`, options.width), 'unknown');
}

function unknownLines(unknowns: readonly Finding[], { kubeconfig }: Looked, options: ScreenOptions): string[] {
  const { lang, width, color, verbose } = options;
  const words = STATUS_WORDS[lang];
  const details = [...new Set(unknowns.map(({ unknown, cause }) => oneLine(unknown?.detail ?? cause)))];
  const told = verbose ? details : details.slice(0, TOLD_DETAILS);
  const rest = details.length - told.length;
  return [
    ...hanging('? ', notKnown(unknowns, options), width).map((line) => painter(color)(line, 'unknown')),
    ...told.flatMap((detail) => hanging('  ', detail, width)),
    ...(rest > 0 ? [`  ${words.more(rest)}`] : []),
    ...nextLines(nextOfUnknown(unknowns[0]?.unknown?.reason, kubeconfig), words, options),
  ];
}

function labelled(label: string, text: string, { lang, width, color }: ScreenOptions): string[] {
  const words = STATUS_WORDS[lang];
  const column = Math.max(...[words.means, words.next, words.why].map(displayWidth)) + 2;
  const lead = `  ${padTo(label, column)}`;
  return hanging(lead, text, width, `  ${painter(color)(label, 'faint')}${padTo('', column - displayWidth(label))}`);
}

/** Never wrapped nor cut: it is there to be copied. */
function nextLines(command: string, words: StatusWords, options: ScreenOptions): string[] {
  const [lead = ''] = command === '' ? [] : labelled(words.next, '|', options);
  const line = harmless(command).trim();
  return command === '' ? [] : [lead.replace(/\|$/, '') + line];
}

function closingLines(findings: readonly Finding[], { lang, width, quiet }: ScreenOptions): string[] {
  if (quiet) return [];
  const told = findings.filter(({ problem }) => problem !== 'cluster-ready');
  const count = (wanted: (finding: Finding) => boolean): number => told.filter(wanted).length;
  const counts = {
    problem: count(({ status, severity }) => status === 'problem' && severity !== 'info'),
    ok: count(({ status }) => status === 'ok'),
    unknown: count(({ status, severity }) => status === 'unknown' && severity !== 'info'),
    aside: count(({ status, severity }) => status === 'unknown' && severity === 'info'),
  };
  return ['', ...hanging('', `${STATUS_WORDS[lang].counted(counts)}${WORDS[lang].stop}`, width)];
}

/** A change as one line, with the time of day it was seen (UTC). */
export function changeLine(change: Change, { lang, width }: Pick<RenderOptions, 'lang' | 'width'>): string {
  const words = STATUS_WORDS[lang];
  const at = change.at.slice(11, 19);
  return cutTo(`${at}Z ${said(change, words)}`, width);
}

function said(change: Change, words: StatusWords): string {
  if (change.kind === 'verdict') return words.verdictChanged(words.verdict[change.from], words.verdict[change.to]);
  const name = nameOf(change.finding);
  switch (change.kind) {
    case 'appeared':
      return words.appeared(name);
    case 'gone':
      return words.gone(name);
    case 'lost-sight':
      return words.lostSight(name);
    case 'definite':
      return words.definite(name);
  }
}
