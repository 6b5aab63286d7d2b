import { existsSync, rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answersOf, COMMAND_ASKS, fileAsks } from '../../test/host-asks.ts';
import { HOSTILE_CONTENTS, hostileTree } from '../../test/hostile-tree.ts';
import { SHELLS, shellTransport } from '../../test/shell-transport.ts';
import { viewOf } from './capture.ts';
import { CLOCK_OFFSET_SOURCE, CLOCK_SOURCE } from './draft.ts';
import type { ActingHost } from './host.ts';
import { localHost } from './local.ts';
import { rootHost } from './root.ts';
import { sshHost } from './ssh.ts';

const tree = hostileTree();
afterAll(() => rmSync(tree, { recursive: true }));

const FILE_ASKS = fileAsks(tree);

describe('a directory tree and the local host', () => {
  it('answer alike', async () => {
    const [local, root] = [await localHost().collect(FILE_ASKS), await rootHost('/').collect(FILE_ASKS)];
    expect(answersOf(root)).toEqual(answersOf(local));
  });
});

describe.each(SHELLS.filter((shell) => existsSync(shell)))('the collector read by %s', (shell) => {
  let host: ActingHost;
  let keeper: ActingHost;
  beforeAll(() => {
    const transport = shellTransport(shell);
    const options = { sshCommand: transport.sshCommand, sudo: false };
    host = sshHost('node', options);
    keeper = sshHost('keeper@node:2222', options);
    return transport.remove;
  });

  it('answers as the local host does', async () => {
    const asks = [...FILE_ASKS, ...COMMAND_ASKS];
    const [local, remote] = [await localHost().collect(asks), await host.collect(asks)];
    expect(remote.unreachable).toBeUndefined();
    expect(answersOf(remote)).toEqual(answersOf(local));
  });

  it('says how the node was reached where its name does not', async () => {
    expect((await host.collect([])).target).toEqual({ name: 'node', via: 'ssh' });
    const target = { name: 'node:2222', via: 'ssh', destination: 'keeper@node:2222' };
    expect((await keeper.collect([])).target).toEqual(target);
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
