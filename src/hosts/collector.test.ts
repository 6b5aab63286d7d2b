import { existsSync, rmSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { HOSTILE_CONTENTS, HOSTILE_NAMES, hostileTree } from '../../test/hostile-tree.ts';
import { SHELLS, shellTransport } from '../../test/shell-transport.ts';
import type { Ask } from './ask.ts';
import type { Capture } from './capture.ts';
import { viewOf } from './capture.ts';
import { CLOCK_OFFSET_SOURCE, CLOCK_SOURCE } from './draft.ts';
import { localHost } from './local.ts';
import { rootHost } from './root.ts';
import { sshHost } from './ssh.ts';

const tree = hostileTree();
afterAll(() => rmSync(tree, { recursive: true }));

const FILE_ASKS: readonly Ask[] = [
  { kind: 'files', glob: `${tree}/names/*.conf` },
  { kind: 'files', glob: `${tree}/names/.*` },
  { kind: 'files', glob: `${tree}/contents/*` },
  { kind: 'files', glob: `${tree}/kinds/*` },
  { kind: 'files', glob: `${tree}/nowhere/*/x` },
  { kind: 'values', glob: `${tree}/deep/*/key` },
  { kind: 'values', glob: `${tree}/deep/*/*` },
  { kind: 'values', glob: `${tree}/many/key*` },
  { kind: 'values', glob: '/proc/sys/net/ipv4/conf/*/rp_filter' },
  { kind: 'values', glob: '/proc/sys/kernel/osrelease' },
  { kind: 'values', glob: '/proc/sys/net/nothing' },
  { kind: 'list', path: `${tree}/names` },
  { kind: 'list', path: `${tree}/kinds` },
  { kind: 'list', path: `${tree}/kinds/file` },
  { kind: 'list', path: `${tree}/nowhere` },
  ...HOSTILE_NAMES.map((name): Ask => ({ kind: 'file', path: `${tree}/names/${name}` })),
  ...['fifo', 'directory', 'dangling', 'loop', 'masked', 'link', 'file/below'].map(
    (name): Ask => ({ kind: 'file', path: `${tree}/kinds/${name}` }),
  ),
  { kind: 'file', path: `${tree}/sizes/four`, maxBytes: 4 },
  { kind: 'file', path: `${tree}/sizes/five`, maxBytes: 4 },
  { kind: 'file', path: `${tree}/deep/one/key`, keep: '^(one|t[w]o)$' },
  { kind: 'file', path: `${tree}/deep/two/key`, keep: '^one' },
  { kind: 'file', path: `${tree}/deep/three/key`, keep: '^one' },
  { kind: 'file', path: '/proc/sys/kernel/{release}/nothing' },
  { kind: 'file', path: '/etc/os-release' },
  { kind: 'which', names: ['sh', 'no-such-program'] },
];

const COMMAND_ASKS: readonly Ask[] = [
  { kind: 'run', argv: ['printf', '%s|', "it's", '$HOME `id`', '', 'a\nb', '*', '\u001b[31m'] },
  { kind: 'run', argv: ['no-such-program', '--flag'] },
  { kind: 'run', argv: ['sh', '-c', 'echo out; echo "first \u001b[31mline" >&2; echo second >&2; exit 3'] },
  { kind: 'run', argv: ['sh', '-c', 'exit 7'] },
  { kind: 'run', argv: ['sh', '-c', 'echo "x: Operation not permitted" >&2; exit 1'] },
  { kind: 'run', argv: ['sh', '-c', 'cat; echo read nothing'] },
  { kind: 'run', argv: ['sh', '-c', 'printf "a\\0b\\n\\n"'] },
  { kind: 'run', argv: ['sh', '-c', 'yes noise | head -n 20000 >&2; echo done'] },
  { kind: 'run', argv: ['sh', '-c', 'echo $LC_ALL'] },
  { kind: 'run', argv: ['echo', 'never'], onlyIf: '/proc/no-such-file' },
  { kind: 'run', argv: ['echo', 'now'], onlyIf: '/proc/self' },
];

/** Without what differs by nature: the clock, who was asked, and when. */
function answersOf({ entries, globs, lists, which }: Capture) {
  const { [CLOCK_SOURCE]: clock, [CLOCK_OFFSET_SOURCE]: offset, ...stable } = entries;
  return { entries: stable, globs, lists, which };
}

describe('a directory tree and the local host', () => {
  it('answer alike', async () => {
    const [local, root] = [await localHost().collect(FILE_ASKS), await rootHost('/').collect(FILE_ASKS)];
    expect(answersOf(root)).toEqual(answersOf(local));
  });
});

describe.each(SHELLS.filter((shell) => existsSync(shell)))('the collector read by %s', (shell) => {
  const transport = shellTransport(shell);
  afterAll(() => transport.remove());
  const host = sshHost('node', { sshCommand: transport.sshCommand, sudo: false });

  it('answers as the local host does', async () => {
    const asks = [...FILE_ASKS, ...COMMAND_ASKS];
    const [local, remote] = [await localHost().collect(asks), await host.collect(asks)];
    expect(remote.unreachable).toBeUndefined();
    expect(answersOf(remote)).toEqual(answersOf(local));
  });

  it('carries hostile contents intact', async () => {
    const view = viewOf(await host.collect(FILE_ASKS));
    for (const [name, content] of Object.entries(HOSTILE_CONTENTS).filter(
      ([name]) => name !== 'newlines' && name !== 'long',
    )) {
      expect(view.text(`${tree}/contents/${name}`)).toMatchObject({ known: true, value: content });
    }
    expect(view.text(`${tree}/sizes/four`)).toMatchObject({ known: true, value: 'four' });
    expect(view.text(`${tree}/sizes/five`)).toMatchObject({ known: false, reason: 'failed' });
    expect(existsSync('pwned')).toBe(false);
  });

  it('stops a command at its time limit and carries on', async () => {
    const capture = await host.collect([
      { kind: 'run', argv: ['sleep', '60'], timeoutMs: 1000 },
      { kind: 'run', argv: ['echo', 'after'] },
    ]);
    expect(capture.entries['sleep 60']).toEqual({ state: 'failed', detail: 'sleep: timed out after 1 s' });
    expect(capture.entries['echo after']).toEqual({ state: 'ok', text: 'after\n' });
  });

  it('tells the clock and its offset, which here is none', async () => {
    const { entries } = await host.collect([]);
    const offset = entries[CLOCK_OFFSET_SOURCE];
    expect(Math.abs(Number(offset?.state === 'ok' ? offset.text : 'NaN'))).toBeLessThan(5);
    expect(entries[CLOCK_SOURCE]).toMatchObject({ state: 'ok', text: expect.stringMatching(/^\d{10}(\.\d+)?$/) });
  });

  it('reads thousands of values in batches', async () => {
    // Files among directories, which the collector takes one by one; files alone go through the asks above.
    const { globs, entries } = await host.collect([{ kind: 'values', glob: '/proc/sys/*/*' }]);
    const local = await localHost().collect([{ kind: 'values', glob: '/proc/sys/*/*' }]);
    expect(globs['/proc/sys/*/*']).toEqual(local.globs['/proc/sys/*/*']);
    expect(entries['/proc/sys/kernel/osrelease']).toEqual(local.entries['/proc/sys/kernel/osrelease']);
  });
});
