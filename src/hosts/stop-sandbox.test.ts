import { existsSync } from 'node:fs';
import { expect, it, onTestFinished } from 'vitest';
import { startCriServer } from '../../test/cri-server.ts';
import { SHELLS, shellTransport } from '../../test/shell-transport.ts';
import { HostError } from './host.ts';
import { localHost } from './local.ts';
import { sshHost } from './ssh.ts';

const ID = 'a'.repeat(64);

it('has the runtime stop the sandbox, and takes one it does not know for stopped', async () => {
  const server = await startCriServer();
  onTestFinished(server.close);
  server.sandboxes.set(ID, { id: ID, ready: false });
  await localHost().stopSandbox(server.socket, ID);
  expect(server.calls).toEqual(expect.arrayContaining([`StopPodSandbox ${ID}`]));
  // containerd's answer to a second stop, once the sandbox is forgotten.
  server.script({ fail: () => ({ code: 'NOT_FOUND', words: 'an error occurred when try to find sandbox' }) });
  await localHost().stopSandbox(server.socket, ID);
  server.script({ fail: () => ({ code: 'UNKNOWN', words: 'plugin type="portmap" failed' }) });
  await expect(localHost().stopSandbox(server.socket, ID)).rejects.toThrow(/portmap/);
});

it('says where nobody listens', async () => {
  await expect(localHost().stopSandbox('/run/hayward-nowhere.sock', ID)).rejects.toThrow(HostError);
});

it.each(SHELLS.filter((shell) => existsSync(shell)))(
  'fails in one line where a node cannot, through %s',
  async (shell) => {
    const transport = shellTransport(shell);
    onTestFinished(transport.remove);
    const host = sshHost('node', { sshCommand: transport.sshCommand, sudo: false });
    const stopping = host.stopSandbox("/run/hayward's nowhere.sock", "it's $(no) id");
    await expect(stopping).rejects.toThrow(/^stop sandbox [^\n]+$/);
  },
);
