import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { command } from '../../lab/command.ts';
import { type Sshd, startSshd } from '../../test/sshd.ts';
import type { Finding } from '../judging/finding.ts';

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const PASSWORD = 'Qcloud@123-never-passed-on';

let folder: string;
const servers: Sshd[] = [];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hayward-inventory-'));
  for (let count = 0; count < 2; count += 1) servers.push(await startSshd());
  const known = servers.map((server) => readFileSync(join(server.folder, 'known_hosts'), 'utf8')).join('');
  writeFileSync(join(folder, 'known_hosts'), known);
  // The user's own ssh knows the servers and has no key for them: those are the inventory's to name. It notes what it is given.
  const options = `-F /dev/null -o UserKnownHostsFile=${folder}/known_hosts -o StrictHostKeyChecking=yes -o IdentityAgent=none`;
  writeFileSync(
    join(folder, 'ssh'),
    `#!/bin/sh\n{ echo "$*"; env; } >>${folder}/given\nexec /usr/bin/ssh ${options} "$@"\n`,
  );
  chmodSync(join(folder, 'ssh'), 0o755);
});
afterAll(async () => {
  for (const server of servers) await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function hayward(...args: readonly string[]) {
  const env = {
    ...process.env,
    HAYWARD_STATE: join(folder, 'state'),
    PATH: [folder, process.env['PATH']].join(delimiter),
  };
  const { stdout, stderr, exitCode } = await command([process.execPath, CLI, ...args, '--json'], { env });
  if (stdout === '') throw new Error(stderr);
  const { targets, findings } = JSON.parse(stdout) as { targets: { name: string }[]; findings: Finding[] };
  return { names: targets.map(({ name }) => name), findings, stderr, exit: exitCode };
}

function inventory(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function kubekey(): string {
  const hosts = servers.map(
    ({ port, folder: own }, index) =>
      `  - {name: node${index + 1}, address: 127.0.0.1, internalAddress: 10.0.0.${index + 1}, port: ${port}, user: keeper, password: "${PASSWORD}", privateKeyPath: "${own}/user_key"}\n`,
  );
  return `apiVersion: kubekey.kubesphere.io/v1alpha2\nkind: Cluster\nmetadata:\n  name: sample\nspec:\n  hosts:\n${hosts.join('')}`;
}

it("KubeKey's configuration drives preflight and doctor over real ssh, and its passwords go nowhere", async () => {
  const path = inventory('config-sample.yaml', kubekey());
  for (const words of [['preflight', '--profile', 'kubekey-ipvs'], ['doctor']]) {
    const { names, findings, stderr } = await hayward(...words, '--inventory', path);
    expect(names).toEqual(['node1', 'node2']);
    expect(findings.filter(({ unknown }) => unknown?.reason === 'denied')).toEqual([]);
    expect(findings.filter(({ status }) => status === 'ok').map(({ target }) => target)).toEqual(
      expect.arrayContaining(names),
    );
    expect(stderr).toContain('ssh-copy-id');
    expect(stderr).not.toContain(PASSWORD);
  }
  const given = readFileSync(join(folder, 'given'), 'utf8');
  expect(given).toContain('-l keeper');
  expect(given).not.toContain(PASSWORD);
});

it("Ansible's inventory does, in INI and YAML, beside a --host; the unreachable is unknown", async () => {
  const [first, second] = servers;
  const variables = (server: Sshd) => ({
    ansible_host: '127.0.0.1',
    ansible_port: server.port,
    ansible_ssh_private_key_file: `${server.folder}/user_key`,
  });
  const words = (server: Sshd) =>
    Object.entries(variables(server))
      .map(([key, value]) => `${key}=${value}`)
      .join(' ');
  const ini = inventory(
    'hosts.ini',
    `[a]\none ${words(first!)}\n[b]\ntwo ${words(second!)}\ngone ansible_host=127.0.0.1 ansible_port=1\n[all:vars]\nansible_user=root\n`,
  );
  const yaml = inventory(
    'hosts.yaml',
    stringify({ all: { vars: { ansible_user: 'root' }, hosts: { one: variables(first!) } } }),
  );
  const fromIni = await hayward('doctor', '--only', 'ip-forward', '--inventory', ini);
  expect(fromIni.names).toEqual(['one', 'two', 'gone']);
  const known = fromIni.findings.filter(({ status }) => status !== 'unknown').map(({ target }) => target);
  expect(new Set(known)).toEqual(new Set(['one', 'two']));
  const fromYaml = await hayward('doctor', '--only', 'ip-forward', '--inventory', yaml, '--host', '127.0.0.1:1');
  expect(fromYaml.names).toEqual(['127.0.0.1:1', 'one']);
});

it('what is no inventory, or would be an option to ssh, is refused in one line', async () => {
  const bad = inventory('bad', 'one ansible_host=-oProxyCommand=touch\n');
  await expect(hayward('doctor', '--inventory', bad)).rejects.toThrow(
    /^hayward: --inventory [^\n]*begins with "-"[^\n]*\n$/,
  );
  await expect(hayward('doctor', '--inventory', join(folder, 'none'))).rejects.toThrow(/No such file or directory\n$/);
  await expect(hayward('doctor', '--inventory', bad, '--bundle', bad)).rejects.toThrow(
    /--inventory and --bundle exclude/,
  );
});
