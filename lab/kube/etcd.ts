import { readFile } from 'node:fs/promises';
import { get } from 'node:http';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { freePort } from '../free-port.ts';
import { type Daemon, startDaemon } from './processes.ts';

export interface Store {
  readonly daemon: Daemon;
  readonly url: string;
}

const START_LIMIT_MS = 60_000;

/**
 * Starts an etcd alone in its cluster, with its data in `folder`, and waits until it is healthy. It does not wait for the disk:
 * what it wrote survives a kill of its process, and the tests do not cut the power of the machine under them.
 */
export async function startEtcd(program: string, folder: string): Promise<Store> {
  const url = `http://127.0.0.1:${await freePort()}`;
  const peer = `http://127.0.0.1:${await freePort()}`;
  const log = join(folder, 'etcd.log');
  const clients = ['--listen-client-urls', url, '--advertise-client-urls', url];
  const peers = ['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer];
  const cluster = ['--name', 'lab', '--initial-cluster', `lab=${peer}`];
  const data = ['--data-dir', join(folder, 'etcd'), '--unsafe-no-fsync', '--log-level', 'warn'];
  const daemon = await startDaemon([program, ...clients, ...peers, ...cluster, ...data], log);
  const deadline = performance.now() + START_LIMIT_MS;
  while (!(await healthy(url))) {
    if (daemon.ended.aborted || performance.now() > deadline) {
      await daemon.kill();
      throw new Error(`etcd did not start: ${(await readFile(log, 'utf8')).trim().slice(-2000)}`);
    }
    await wait(50);
  }
  return { daemon, url };
}

function healthy(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = get(`${url}/health`, { agent: false, timeout: 5000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    asked.on('timeout', () => asked.destroy());
    asked.on('error', () => resolve(false));
  });
}
