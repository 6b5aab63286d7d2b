import { randomBytes } from 'node:crypto';
import { detail, resultIn } from './answer.ts';
import { pathsIn } from './answer-files.ts';
import * as script from './change-scripts.ts';
import { type Limits, type Outcome, reasonOf } from './connection.ts';
import type { Frame } from './frames.ts';
import {
  type ActingHost,
  type FileState,
  HostError,
  type Locked,
  type LockToTake,
  type RunOptions,
  type RunResult,
  type WriteOptions,
} from './host.ts';
import { MAX_IMAGE_BYTES } from './local-changes.ts';
import { takenFor } from './locked-files.ts';
import { notFound } from './outcome.ts';
import { known, type Reading, unknown } from './reading.ts';
import { neverStarted } from './run-local.ts';
import { firstLine } from './sanitise.ts';
import { codeIn, reasonFor, refused } from './system-errors.ts';
import { withoutNewline } from './tree.ts';

type Converse = (body: string, limits: Limits) => Promise<Outcome>;
type Changes = Omit<ActingHost, 'name' | 'via' | 'collect'>;

const TIMEOUT_MS = 60_000;
/** CNI plugins run while a sandbox is stopped. */
const STOP_TIMEOUT_MS = 150_000;
/** What a command's own time limit leaves for the connection around it. */
const CONNECTION_MS = 30_000;

/** The changing half of a node behind ssh: each act one script on one connection, never repeated once it had begun. */
export function changesOver(name: string, converse: Converse): Changes {
  async function frames(
    what: string,
    body: string,
    limits: Limits = { timeoutMs: TIMEOUT_MS },
  ): Promise<readonly Frame[]> {
    const outcome = await converse(body, limits);
    if (outcome.state === 'answered') return outcome.frames;
    const { detail: why } = reasonOf(outcome, limits.timeoutMs);
    if (!outcome.begun) throw new HostError(`${what} on ${name}: ${why}`, 'unreachable');
    throw new HostError(`${what} on ${name}: ${why}; it may or may not have been done`, 'connection-lost');
  }
  async function act(operation: string, path: string, body: string, timeoutMs = TIMEOUT_MS): Promise<readonly Frame[]> {
    const answer = await frames(`${operation} ${path}`, body, { timeoutMs });
    const trouble = answer.find(({ words }) => words[0] === 'trouble');
    if (trouble) throw refusal(operation, path, trouble.body.toString('utf8'));
    return answer;
  }
  async function locked(operation: string, path: string, body: string, { lock, waitMs }: LockToTake): Promise<Locked> {
    const answer = await act(operation, path, body, TIMEOUT_MS + waitMs);
    const has = (name: string) => answer.some(({ words }) => words[0] === name);
    if (has('busy')) throw takenFor(lock, waitMs);
    if (has('done')) return 'done';
    return has('changed') ? 'changed' : 'absent';
  }
  async function contentOf(path: string, body: string): Promise<Reading<readonly Frame[]>> {
    const answer = await frames(`read ${path}`, body);
    const [unread] = pathsIn(answer, '');
    if (unread && unread.entry.state !== 'ok') return unknown(unread.entry.state, path, unread.entry.detail);
    const said = detail(answer, 'said').toString('utf8');
    if (said === '') return known(answer, path);
    return unknown(reasonFor(codeIn(said) ?? 'EIO'), path, `${path}: ${firstLine(said)}`);
  }
  return {
    async stat(path) {
      const answer = await contentOf(path, script.statScript(path, MAX_IMAGE_BYTES));
      if (!answer.known) return answer.reason === 'absent' ? known({ type: 'absent' }, path) : answer;
      return stateIn(answer.value, path);
    },
    async readSetting(path) {
      const answer = await contentOf(path, script.readScript(path));
      return answer.known ? known(withoutNewline(detail(answer.value, 'content').toString('utf8')), path) : answer;
    },
    writeSetting: async (path, value) => void (await act('write', path, script.writeSettingScript(path, value))),
    writeFile: async (path, content, options: WriteOptions) =>
      void (await act('write', path, script.writeFileScript(path, content, options, randomName()))),
    makeLink: async (path, target) => void (await act('link', path, script.linkScript(path, target, randomName()))),
    removeFile: async (path) => void (await act('remove', path, script.removeScript(path))),
    removeLocked: (path, removal) => locked('remove', path, script.removeLockedScript(path, removal), removal),
    createLocked: (path, creation) => locked('make', path, script.createLockedScript(path, creation), creation),
    async stopSandbox(socket, id) {
      const what = `stop sandbox ${id}`;
      const answer = await frames(what, script.stopSandboxScript(socket, id), { timeoutMs: STOP_TIMEOUT_MS });
      const trouble = answer.find(({ words }) => words[0] === 'trouble');
      // The runtime's words whole: which socket or plugin a "no such file" is about stands before it.
      if (trouble) throw new HostError(`${what}: ${firstLine(trouble.body.toString('utf8'))}`, 'EFAILED');
    },
    async run(argv, options: RunOptions = {}) {
      const { timeoutMs, signal } = options;
      const limits = {
        ...(timeoutMs !== undefined && { timeoutMs: timeoutMs + CONNECTION_MS }),
        ...(signal && { signal }),
      };
      const started = performance.now();
      const answer = await frames(`run ${argv[0]}`, script.runScript(argv, options), limits);
      const durationMs = performance.now() - started;
      return { ...resultOf(argv, answer, timeoutMs !== undefined), durationMs };
    },
  };
}

function randomName(): string {
  return `.hayward-${randomBytes(8).toString('hex')}`;
}

function resultOf([program = '']: readonly string[], answer: readonly Frame[], limited: boolean): RunResult {
  if (answer.some(({ words }) => words[0] === 'missing')) return neverStarted(notFound(program));
  return resultIn(answer, limited);
}

function refusal(operation: string, path: string, said: string): HostError {
  const code = codeIn(said);
  return code ? refused(operation, path, code) : new HostError(`${operation} ${path}: ${firstLine(said)}`, 'EIO');
}

function stateIn(answer: readonly Frame[], path: string): Reading<FileState> {
  const has = (name: string) => answer.some(({ words }) => words[0] === name);
  if (has('link'))
    return known({ type: 'link', target: withoutNewline(detail(answer, 'link').toString('utf8')) }, path);
  if (has('directory')) return known({ type: 'other', detail: 'directory' }, path);
  if (has('special')) return known({ type: 'other', detail: 'special' }, path);
  const listed = parseLongListing(detail(answer, 'ls').toString('utf8'));
  if (!listed) return unknown('failed', path, `${path}: ls told nothing of it`);
  const content = detail(answer, 'content');
  if (content.length > MAX_IMAGE_BYTES) return unknown('failed', path, `${path}: larger than ${MAX_IMAGE_BYTES} bytes`);
  return known({ type: 'file', contentBase64: content.toString('base64'), ...listed }, path);
}

/** Permission bits and owner as `ls -ldn` prints them, which POSIX defines (stat(1) it does not know). */
export function parseLongListing(line: string): { mode: number; uid: number; gid: number } | undefined {
  const [, text = '', uid, gid] = /^.([-rwxsStT]{9})\S* +\d+ +(\d+) +(\d+) /.exec(line) ?? [];
  if (text === '') return undefined;
  const mode = [...text].reduce((bits, char, index) => bits | bitsOf(char, index), 0);
  return { mode, uid: Number(uid), gid: Number(gid) };
}

/** One of the nine letters: its own bit, and for s, S, t and T that of set-user, set-group or sticky. */
function bitsOf(char: string, index: number): number {
  const own = 0o400 >> index;
  const special = 0o4000 >> Math.floor(index / 3);
  if (char === '-') return 0;
  if (char === 'S' || char === 'T') return special;
  return char === 's' || char === 't' ? own | special : own;
}
