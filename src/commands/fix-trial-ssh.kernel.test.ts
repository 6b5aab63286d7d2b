import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { command } from '../../lab/command.ts';
import { type Sshd, startSshd } from '../../test/sshd.ts';
import { type TrialNode, trialNode, until } from '../../test/trial-node.ts';

/**
 * A node reached by a real ssh over `guest0`, the interface by which its IPv6 default route comes by router advertisements:
 * turning IPv6 forwarding on is disruptive there.
 */

const FIX = ['fix', 'ip-forward', '--yes', '--no-probe', '--quiet'] as const;

let node: TrialNode;
let sshd: Sshd;
beforeAll(async () => {
  node = await trialNode();
  node.shell('ip -6 route add default via fe80::1 dev guest0 proto ra');
  const port = '2222';
  sshd = await startSshd({ machine: node.pid, config: [`ListenAddress 10.9.0.1:${port}`] });
});
afterAll(async () => {
  await sshd?.stop();
  await node?.remove();
});
beforeEach(() => node.reset());

/** As the user types it in an ssh session from the first guest. */
function overSsh(user: string, ...words: readonly string[]): readonly string[] {
  const alias = `HostKeyAlias=[127.0.0.1]:${sshd.port}`;
  const quoted = words.map((word) => `'${word}'`).join(' ');
  return [
    'ip',
    'netns',
    'exec',
    node.guests[0],
    ...sshd.sshCommand,
    '-o',
    alias,
    '-p',
    '2222',
    `${user}@10.9.0.1`,
    quoted,
  ];
}

/** The command of a session, which is on the node already. */
function hayward(...words: readonly string[]): readonly string[] {
  return node.command(words).slice(node.command(words).indexOf('--') + 1);
}

it('refuses what may cut off its own ssh session without a trial, and names the command', async () => {
  for (const words of [hayward(...FIX), ['sudo', ...hayward(...FIX)]]) {
    const refused = await command(overSsh(words[0] === 'sudo' ? 'keeper' : 'root', ...words));
    expect([refused.exitCode, refused.stdout]).toEqual([2, '']);
    expect(refused.stderr).toMatch(/^hayward: ip-forward: [^\n]*hayward fix ip-forward --try 120s\n$/);
    expect(node.forwards()).toEqual(['0', '0']);
  }
  // By --host from the other side, where it cannot be tried.
  const wrapper = `${node.directory}/bin`;
  mkdirSync(wrapper);
  const alias = `-o HostKeyAlias=[127.0.0.1]:${sshd.port}`;
  writeFileSync(`${wrapper}/ssh`, `#!/bin/sh\nexec /usr/bin/${sshd.sshCommand.join(' ')} ${alias} "$@"\n`, {
    mode: 0o755,
  });
  const [state = '', ...program] = hayward(...FIX, '--host', 'root@10.9.0.1:2222').slice(1);
  const through = ['env', `PATH=${wrapper}:${process.env['PATH']}`, state, ...program];
  const remote = await command(['ip', 'netns', 'exec', node.guests[0], ...through]);
  expect([remote.exitCode, remote.stdout]).toEqual([2, '']);
  expect(remote.stderr).toMatch(/^hayward: ip-forward: [^\n]*on the node itself: hayward fix ip-forward --try 120s\n$/);
  expect(node.forwards()).toEqual(['0', '0']);
  // From the console nothing is cut off.
  expect(node.hayward(...FIX, '--no-persist').status).toBe(0);
  expect(node.forwards()).toEqual(['1', '1']);
});

it('tries it, and takes it back though the session was cut off by it', async () => {
  const argv = overSsh('root', ...hayward(...FIX, '--try', '3s'));
  const tried = await command(argv);
  expect(tried).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('hayward fix --confirm') });
  expect(node.forwards()).toEqual(['1', '1']);
  // The way to the client goes, as where the change broke it.
  node.shell('ip link set guest0 down');
  const run = await node.settled();
  expect(run).toMatchObject({ end: 'verified', trial: { decision: { why: 'no-answer' } } });
  node.shell(
    'ip link set guest0 up; ip -6 addr add fd00::1/64 dev guest0 nodad; ip -6 route add default via fe80::1 dev guest0 proto ra',
  );
  expect(node.forwards()).toEqual(['0', '0']);
});

it('takes it back when the session that waits for the answer is lost', async () => {
  const [program = '', ...rest] = overSsh(
    'root',
    ...hayward('fix', 'ip-forward', '--no-probe', '--quiet', '--try', '1h'),
  );
  const at = rest.indexOf('-o');
  const session = spawn(program, [...rest.slice(0, at), '-tt', ...rest.slice(at)]);
  let printed = '';
  session.stdout.on('data', (part: Buffer) => {
    printed += part.toString('utf8');
  });
  await until(() => printed.includes('Do this?'));
  session.stdin.write('y\n');
  await until(() => printed.includes('Keep it?'));
  session.kill('SIGKILL');
  const run = await node.settled();
  expect(run).toMatchObject({ end: 'verified', trial: { decision: { how: 'taken-back', why: 'interrupted' } } });
  expect(node.forwards()).toEqual(['0', '0']);
});
