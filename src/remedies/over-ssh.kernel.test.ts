import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Sshd, startSshd } from '../../test/sshd.ts';
import type { ActingHost } from '../hosts/host.ts';
import { sshHost } from '../hosts/ssh.ts';
import { bootIdOf } from './interrupted.ts';
import { createJournal } from './journal.ts';
import { runPlan } from './run-plan.ts';
import { sessionLinks } from './session-links.ts';
import { remedyOf } from './testing/test-bed.ts';
import { undoRun } from './undo-run.ts';

let server: Sshd;
let host: ActingHost;
let directory: string;

beforeAll(async () => {
  server = await startSshd();
  host = sshHost(server.destination('root'), { sshCommand: server.sshCommand });
  directory = mkdtempSync(join(tmpdir(), 'hayward-over-ssh-'));
});
afterAll(async () => {
  await server?.stop();
  rmSync(directory, { recursive: true, force: true });
});

it('carries a plan out on the other side, keeps the journal here, and takes it back', async () => {
  const there = join(directory, 'there');
  writeFileSync(there, 'before\n', { mode: 0o640 });
  const made = join(directory, 'made', 'deep', 'x.conf');
  const plan = [
    remedyOf([
      { kind: 'file', path: there, content: 'after\n', mode: 0o600 },
      { kind: 'file', path: made, content: "it's\n", mode: 0o644 },
    ]),
  ];
  const bootId = await bootIdOf(host);
  expect(bootId).toBe(readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
  const target = { name: host.name, via: host.via };
  const journal = createJournal(directory, { target, bootId, tool: 'test', plan });
  expect((await runPlan(host, plan, journal)).verified).toBe(true);
  expect(readFileSync(there, 'utf8')).toBe('after\n');
  expect(readFileSync(made, 'utf8')).toBe("it's\n");
  expect((await undoRun(host, journal, { bootId })).verified).toBe(true);
  expect(readFileSync(there, 'utf8')).toBe('before\n');
  expect(statSync(there).mode & 0o7777).toBe(0o640);
  expect(existsSync(join(directory, 'made'))).toBe(false);
  journal.close();
});

it('knows the interface its own session comes through, as root and through sudo', async () => {
  for (const user of ['root', 'keeper']) {
    const through = sshHost(server.destination(user), { sshCommand: server.sshCommand });
    expect(await sessionLinks(through, [])).toEqual(['lo']);
  }
});
