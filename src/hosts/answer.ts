import { pathsIn, troubleWith } from './answer-files.ts';
import { inByteOrder } from './byte-order.ts';
import type { Entry, ListedFile } from './capture.ts';
import { type Draft, failureOf, withRelease } from './draft.ts';
import { type Frame, namesOf } from './frames.ts';
import type { RunResult } from './host.ts';
import { entryOf, notAskedFor, notFound, notLoadedFor } from './outcome.ts';
import { DEFAULT_RUN_TIMEOUT_MS, type GlobPlan, type Plan, type RunPlan, runSource } from './plan.ts';
import { tooBig, withoutNewline } from './tree.ts';

/** What an answer says besides the entries. */
export interface AnswerFacts {
  /** Epoch seconds as the node printed them. */
  readonly clock: string;
  /** The user id the collector ran as; 0 is root. */
  readonly uid: string;
  /** Why `sudo -n` was refused; empty when it was not, or was not tried. */
  readonly refusal: string;
}

/** A header frame and what belongs to it. */
interface Section {
  readonly head: Frame;
  readonly details: readonly Frame[];
}

const HEADS = new Set(['clock', 'node', 'release', 'list', 'files', 'glob', 'keep', 'run', 'which', 'end']);

/** Fills in a draft from the frames of one answer. Never throws for what they hold. */
export function readAnswer(frames: readonly Frame[], plan: Plan, draft: Draft, mark: string): AnswerFacts {
  const sections = sectionsOf(frames);
  const bodyOf = (name: string) => bodyText(sections.find(({ head }) => head.words[0] === name));
  const release = withoutNewline(bodyOf('release'));
  for (const section of sections) readSection(section, { plan, draft, mark, release });
  const [uid = '', refusal = ''] = bodyOf('node').split(/\n(.*)/s);
  return { clock: bodyOf('clock'), uid, refusal };
}

function sectionsOf(frames: readonly Frame[]): Section[] {
  const starts = frames.flatMap((frame, index) => (HEADS.has(frame.words[0] ?? '') ? [index] : []));
  return starts.flatMap((start, nth) => {
    const head = frames[start];
    return head ? [{ head, details: frames.slice(start + 1, starts[nth + 1] ?? frames.length) }] : [];
  });
}

interface Context {
  readonly plan: Plan;
  readonly draft: Draft;
  readonly mark: string;
  readonly release: string;
}

function readSection(section: Section, context: Context): void {
  const { plan } = context;
  const [kind, word = ''] = section.head.words;
  const index = Number(word);
  if (kind === 'files') putFiles(section, context);
  else if (kind === 'glob' && plan.globs[index]) putGlob(section, plan.globs[index], context);
  else if (kind === 'keep' && plan.files[index]) putKept(section, plan.files[index], context);
  else if (kind === 'list' && plan.lists[index] !== undefined) putList(section, plan.lists[index], context);
  else if (kind === 'run' && plan.runs[index]) putRun(section, plan.runs[index], context.draft);
  else if (kind === 'which') context.draft.which[word] = bodyText(section) || null;
}

function putFiles({ details }: Section, { plan, draft, mark, release }: Context): void {
  for (const { path, entry } of pathsIn(details, mark)) draft.entries[path] = entry;
  for (const { path } of plan.files) if (path.includes('{release}')) draft.globs[path] = [withRelease(path, release)];
}

function putGlob({ details }: Section, plan: GlobPlan, { draft, mark }: Context): void {
  const answers = pathsIn(details, mark);
  const hidden = answers.find(({ kind }) => kind === 'hidden');
  const matched = answers.filter(({ kind }) => kind === 'read' || kind === 'unreadable');
  for (const { path, entry } of matched) draft.entries[path] = plan.values ? oneLine(entry) : entry;
  draft.globs[plan.glob] = (hidden && failureOf(hidden.entry)) ?? inByteOrder(matched.map(({ path }) => path));
}

function oneLine(entry: Entry): Entry {
  return entry.state === 'ok' ? { state: 'ok', text: withoutNewline(entry.text) } : entry;
}

function putKept({ details }: Section, plan: Plan['files'][number], { draft, mark, release }: Context): void {
  const path = withRelease(plan.path, release);
  const [unread] = pathsIn(details, mark);
  draft.entries[path] = unread?.entry ?? keptLines(path, plan.maxBytes, details);
}

function keptLines(path: string, maxBytes: number, details: readonly Frame[]): Entry {
  const lines = detail(details, 'lines');
  const said = detail(details, 'said');
  if (lines.length === 0 && said.length > 0) return troubleWith(path, said.toString('utf8'));
  return lines.length > maxBytes ? tooBig(path, maxBytes) : { state: 'ok', text: lines.toString('utf8') };
}

function putList({ details }: Section, asked: string, { draft, mark }: Context): void {
  const [unread] = pathsIn(details, mark);
  draft.lists[asked] = (unread && failureOf(unread.entry)) ?? listedIn(namesOf(detail(details, 'listed')));
}

const TYPES: Readonly<Record<string, ListedFile['type']>> = { d: 'directory', f: 'file', o: 'other', l: 'link' };

/** Items are a letter and a name; after a link's comes its target, as readlink prints it. */
function listedIn(items: readonly string[]): ListedFile[] {
  const found = new Map<string, ListedFile>();
  for (let index = 0; index < items.length; index += 1) {
    const item = items[index] ?? '';
    const type = TYPES[item[0] ?? ''] ?? 'other';
    const name = item.slice(1);
    if (type === 'link') {
      index += 1;
      found.set(name, { name, type, target: withoutNewline(items[index] ?? '') });
    } else found.set(name, { name, type });
  }
  return inByteOrder([...found.keys()]).flatMap((name) => found.get(name) ?? []);
}

function putRun({ details }: Section, plan: RunPlan, draft: Draft): void {
  const [program = ''] = plan.argv;
  const kinds = new Set(details.map(({ words }) => words[0]));
  const source = runSource(plan);
  if (kinds.has('skipped')) draft.entries[source] = notAskedFor(program, plan.onlyIf ?? '');
  else if (kinds.has('loadable')) draft.entries[source] = notLoadedFor(program, plan.module ?? '');
  else if (kinds.has('missing')) draft.entries[source] = { state: 'absent', detail: notFound(program) };
  else {
    const result = resultIn(details, true);
    draft.entries[source] = entryOf(program, result, plan.timeoutMs ?? DEFAULT_RUN_TIMEOUT_MS);
    draft.runs[source] = { exitStatus: result.exitCode };
  }
}

/**
 * How a command ended: timeout(1) of coreutils says 124, of busybox 143 (128 and SIGTERM), both 137 where SIGKILL was
 * needed.
 */
export function resultIn(details: readonly Frame[], limited: boolean): RunResult {
  const words = details.find((frame) => frame.words[0] === 'status')?.words;
  const exitCode = words ? Number(words[1]) : null;
  return {
    failed: exitCode !== 0,
    timedOut: limited && (exitCode === 124 || exitCode === 143 || exitCode === 137),
    exitCode,
    stdout: detail(details, 'out').toString('utf8'),
    stderr: detail(details, 'said').toString('utf8'),
    durationMs: 0,
  };
}

/** The body of the first frame of this name; empty where there is none. */
export function detail(frames: readonly Frame[], name: string): Buffer {
  return frames.find(({ words }) => words[0] === name)?.body ?? Buffer.alloc(0);
}

function bodyText(section: Section | undefined): string {
  return section?.head.body.toString('utf8') ?? '';
}
