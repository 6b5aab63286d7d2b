import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { connectCri } from '../../src/hosts/cri/client.ts';
import { must } from '../command.ts';
import { containerdConfig, type Snapshotter } from './configuration.ts';
import type { Machine } from './machine.ts';
import type { RuntimePrograms } from './programs.ts';

export interface ContainerdStart {
  /** The machine's own folder here: the configuration and the log lie in it. */
  readonly disk: string;
  readonly programs: RuntimePrograms;
  /** The socket as the machine sees it. */
  readonly place: string;
  readonly snapshotter: Snapshotter;
  /** Tars to import, the pause image's besides. */
  readonly images?: readonly string[];
}

const START_LIMIT_MS = 60_000;
const IMPORT_LIMIT_MS = 120_000;

/** Starts containerd on a machine and imports the images. Throws containerd's own words where it does not come up. */
export async function startContainerd(machine: Machine, options: ContainerdStart): Promise<void> {
  const { disk, programs, place, snapshotter } = options;
  // What shims and runc put down for a moment goes with the machine's /run, however it ends.
  const env = { ...process.env, ...programs.env, TMPDIR: '/run' };
  const log = join(disk, 'containerd.log');
  const config = join(disk, 'containerd.toml');
  await writeFile(config, containerdConfig({ ...programs, socket: place, snapshotter }));
  const argv = machine.entering(['sh', '-euc', START, log, programs.containerd, '--config', config]);
  const child = spawn(argv[0] ?? '', argv.slice(1), { env, stdio: 'ignore' });
  const ended = new AbortController();
  child.once('exit', () => ended.abort());
  child.once('error', () => ended.abort());
  await answering(`/proc/${machine.pid}/root${place}`, ended.signal).catch(async (cause: unknown) => {
    const words = await readFile(log, 'utf8').catch(() => '');
    throw new Error(`containerd did not start: ${words.trim().slice(-2000)}`, { cause });
  });
  const imported = ['--address', place, '-n', 'k8s.io', 'images', 'import', '--snapshotter', snapshotter];
  for (const image of [programs.pauseImage, ...(options.images ?? [])]) {
    await must(machine.entering([programs.ctr, ...imported, image]), { env, timeoutMs: IMPORT_LIMIT_MS });
  }
}

const START = 'echo $$ > /run/containerd.pid; exec "$@" > "$0" 2>&1';

/** Waits until the runtime answers and is ready for sandboxes. */
async function answering(socket: string, ended: AbortSignal): Promise<void> {
  const deadline = performance.now() + START_LIMIT_MS;
  let last = '';
  while (performance.now() < deadline && !ended.aborted) {
    const opened = await connectCri(socket);
    if (opened.known) {
      const version = await opened.value.version();
      opened.value.close();
      if (version.known) return;
      last = version.detail;
    } else last = opened.detail;
    await wait(50);
  }
  throw new Error(last);
}
