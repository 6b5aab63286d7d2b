import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { startCriServer } from '../../test/cri-server.ts';
import { SHELLS, shellTransport } from '../../test/shell-transport.ts';
import { HostError } from './host.ts';
import { localHost } from './local.ts';
import { sshHost } from './ssh.ts';

const ID = 'a'.repeat(64);

it('has the runtime stop the sandbox, and takes one it does not know for stopped', async () => {
  const server = await startCriServer();
  server.sandboxes.set(ID, { id: ID, ready: false });
  await localHost().stopSandbox(server.socket, ID);
  await localHost().stopSandbox(server.socket, 'b'.repeat(64));
  expect(server.calls).toEqual(expect.arrayContaining([`StopPodSandbox ${ID}`, `StopPodSandbox ${'b'.repeat(64)}`]));
  server.script({ fail: () => ({ code: 'UNKNOWN', words: 'plugin type="portmap" failed' }) });
  await expect(localHost().stopSandbox(server.socket, ID)).rejects.toThrow(/portmap/);
  await server.close();
});

it('says where nobody listens', async () => {
  await expect(localHost().stopSandbox('/run/hayward-nowhere.sock', ID)).rejects.toThrow(HostError);
});

it.each(SHELLS.filter((shell) => existsSync(shell)))(
  'fails in one line where a node cannot, through %s',
  async (shell) => {
    const transport = shellTransport(shell);
    const host = sshHost('node', { sshCommand: transport.sshCommand, sudo: false });
    const stopping = host.stopSandbox("/run/hayward's nowhere.sock", "it's $(no) id");
    await expect(stopping).rejects.toThrow(/^stop sandbox [^\n]+$/);
    transport.remove();
  },
);
