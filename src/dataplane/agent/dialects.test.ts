import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { SHELL } from './dialects.ts';
import { parseAnswers, type Question, questionText } from './protocol.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hayward-dialect-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** What the shell makes of a program's words, which are busybox's (networking/nslookup.c, libbb/xconnect.c). */
async function outcomeOf(means: 'tcp' | 'dns-udp', line: string): Promise<unknown> {
  const program = join(folder, means === 'tcp' ? 'nc' : 'nslookup');
  await writeFile(program, `#!/bin/sh\n${line}\n`);
  await chmod(program, 0o755);
  const asked: Question = { means, size: 'small', address: '10.52.0.2', port: 53 };
  const [file = '', ...argv] = SHELL.ask;
  const text = await new Promise<string>((resolve, reject) => {
    const env = { ...process.env, PATH: `${folder}:${process.env['PATH']}` };
    const child = execFile(file, argv, { env }, (error, stdout) => (error ? reject(error) : resolve(stdout)));
    child.stdin?.end(questionText([asked], { timeoutMs: 1000, atOnce: 1 }));
  });
  return parseAnswers(text, 1).outcomes[0];
}

it.each(['SERVFAIL', 'REFUSED'])('takes %s for no answer, as hayward’s own agent does', async (code) => {
  const line = `echo "** server can't find kubernetes.default.svc.cluster.local: ${code}"; exit 1`;
  expect(await outcomeOf('dns-udp', line)).toEqual({ kind: 'lost', error: `answered ${code}` });
});

it.each([
  'echo "** server can\'t find kubernetes.default.svc.cluster.local: NXDOMAIN"; exit 1',
  'echo "*** Can\'t find kubernetes.default.svc.cluster.local: No answer"; exit 1',
  'echo "Name: kubernetes.default.svc.cluster.local"',
])('takes for an answer: %s', async (line) => {
  expect(await outcomeOf('dns-udp', line)).toMatchObject({ kind: 'answered' });
});

it('tells who was refused from who heard nothing', async () => {
  const refused = 'echo "nc: can\'t connect to remote host (10.52.0.2): Connection refused" >&2; exit 1';
  expect(await outcomeOf('tcp', refused)).toEqual({ kind: 'lost', error: 'connection refused' });
  expect(await outcomeOf('tcp', 'exit 1')).toEqual({ kind: 'lost', error: 'no answer in 1 s' });
  expect(await outcomeOf('tcp', 'cat')).toMatchObject({ kind: 'answered' });
});
