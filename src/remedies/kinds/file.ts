import { dirname } from 'node:path/posix';
import type { ActingHost, FileState } from '../../hosts/host.ts';
import { known, type Reading } from '../../hosts/reading.ts';
import type { Actions, Difference, StepOf } from '../actions.ts';
import type { ImageOf } from '../image.ts';

type Image = ImageOf<'file'>;

export const file: Actions<'file'> = {
  volatile: false,
  observe,
  asWanted: (step, { state }) =>
    state.type === 'file' && contentOf(state) === step.content && (state.mode & 0o7777) === step.mode,
  refuses: (step, { state }) =>
    state.type === 'other'
      ? { en: `${step.path} is no file but: ${state.detail}`, 'zh-CN': `${step.path} 不是文件，而是：${state.detail}` }
      : undefined,
  apply: (host, step) => host.writeFile(step.path, Buffer.from(step.content), { mode: step.mode }),
  differences: (step, expected, found) => fileDifferences(step.path, expected.state, found.state),
  restore,
};

function contentOf(state: Extract<FileState, { type: 'file' }>): string {
  return Buffer.from(state.contentBase64, 'base64').toString();
}

async function observe(host: ActingHost, step: StepOf<'file'>): Promise<Reading<Image>> {
  const state = await host.stat(step.path);
  if (!state.known && state.reason !== 'absent') return state;
  const value: FileState = state.known ? state.value : { type: 'absent' };
  if (value.type !== 'absent') return known({ kind: 'file', state: value, missingParents: [] }, step.path);
  const missing = await missingParents(host, step.path);
  return missing.known ? known({ kind: 'file', state: value, missingParents: missing.value }, step.path) : missing;
}

async function missingParents(host: ActingHost, path: string): Promise<Reading<string[]>> {
  const missing: string[] = [];
  for (let parent = dirname(path); parent !== '/'; parent = dirname(parent)) {
    const state = await host.stat(parent);
    if (!state.known && state.reason !== 'absent') return state;
    if (state.known && state.value.type !== 'absent') break;
    missing.unshift(parent);
  }
  return known(missing, path);
}

function fileDifferences(path: string, expected: FileState, found: FileState): readonly Difference[] {
  if (expected.type !== found.type) return [{ what: path, expected: brief(expected), found: brief(found) }];
  if (expected.type === 'link' && found.type === 'link' && expected.target !== found.target) {
    return [{ what: path, expected: brief(expected), found: brief(found) }];
  }
  if (expected.type !== 'file' || found.type !== 'file') return [];
  if (expected.contentBase64 !== found.contentBase64) return [firstDifference(path, expected, found)];
  return attributes(expected) === attributes(found)
    ? []
    : [{ what: path, expected: attributes(expected), found: attributes(found) }];
}

type RegularFile = Extract<FileState, { type: 'file' }>;

function attributes({ mode, uid, gid }: RegularFile): string {
  return `mode ${(mode & 0o7777).toString(8)} owner ${uid}:${gid}`;
}

function brief(state: FileState): string {
  switch (state.type) {
    case 'absent':
      return 'no file';
    case 'file':
      return `a file of ${Buffer.from(state.contentBase64, 'base64').length} bytes`;
    case 'link':
      return `a link to ${state.target}`;
    case 'other':
      return state.detail || 'no regular file';
  }
}

function firstDifference(path: string, expected: RegularFile, found: RegularFile): Difference {
  const [before, after] = [contentOf(expected).split('\n'), contentOf(found).split('\n')];
  const at = before.findIndex((line, index) => line !== after[index]);
  const line = at < 0 ? before.length : at;
  return {
    what: `${path}:${line + 1}`,
    expected: before[line] ?? 'no such line',
    found: after[line] ?? 'no such line',
  };
}

async function restore(host: ActingHost, step: StepOf<'file'>, before: Image): Promise<undefined> {
  const { state } = before;
  switch (state.type) {
    case 'file':
      await host.writeFile(step.path, Buffer.from(state.contentBase64, 'base64'), {
        mode: state.mode & 0o7777,
        uid: state.uid,
        gid: state.gid,
      });
      return;
    case 'link':
      await host.makeLink(step.path, state.target);
      return;
    case 'absent':
      await host.removeFile(step.path);
      await removeParents(host, before.missingParents);
      return;
    case 'other':
      return;
  }
}

/** Directories made for the file, the deepest first; one that holds something by now is somebody else's too. */
async function removeParents(host: ActingHost, parents: readonly string[]): Promise<void> {
  for (const parent of [...parents].reverse()) {
    const removed = await host.run(['rmdir', '--', parent]);
    if (removed.failed) return;
  }
}
