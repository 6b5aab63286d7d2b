import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, it } from 'vitest';
import { must } from '../command.ts';

/**
 * A process of its own, as a test is, that has a control group with another below it, where a program runs that ends with
 * its parent. It says the group's name and lives on.
 */
const PROGRAM = `
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { keptCgroup } from './cgroups.ts';
const name = '/hayward-kept-' + randomBytes(3).toString('hex');
await keptCgroup(name);
const join = \`
mountpoint -q /sys/fs/cgroup || mount -t cgroup2 none /sys/fs/cgroup
for folder in "/sys/fs/cgroup$0" /sys/fs/cgroup/*"$0"; do
  if [ -d "$folder" ]; then
    mkdir "$folder/pod"
    for list in cpuset.cpus cpuset.mems; do
      if [ -e "$folder/$list" ]; then cat "$folder/$list" > "$folder/pod/$list"; fi
    done
    echo $$ > "$folder/pod/cgroup.procs"
  fi
done
echo "$0"
exec sleep 600\`;
const pod = spawn('setpriv', ['--pdeathsig', 'KILL', 'unshare', '--mount', 'sh', '-euc', join, name], { stdio: 'inherit' });
pod.on('exit', () => process.exit(1));
`;

/** Control groups of this name, in any hierarchy. */
async function folders(name: string): Promise<readonly string[]> {
  const script = `
mountpoint -q /sys/fs/cgroup || mount -t cgroup2 none /sys/fs/cgroup
find /sys/fs/cgroup -maxdepth 2 -type d -name "$0"`;
  const found = await must(['unshare', '--mount', '--propagation', 'private', 'sh', '-euc', script, name.slice(1)]);
  return found.split('\n').filter(Boolean);
}

it('a test that is killed takes its control groups with it, and those below', async () => {
  const resolveDir = fileURLToPath(new URL('.', import.meta.url));
  const stdin = { contents: PROGRAM, resolveDir, loader: 'ts' } as const;
  const bundle = await build({ stdin, bundle: true, write: false, format: 'esm', platform: 'node' });
  const program = bundle.outputFiles[0]?.text ?? '';
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  const name = said.toString('utf8').trim();
  expect(await folders(name)).not.toEqual([]);
  child.kill('SIGKILL');
  await expect.poll(() => folders(name), { timeout: 30_000 }).toEqual([]);
});
