import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { RunResult } from '../../src/hosts/host.ts';
import { type CommandOptions, command } from '../command.ts';

/**
 * A machine as far as a container runtime can tell: namespaces of its own for processes, mounts, the network and the
 * host's name. Its /run, /etc and /var/lib are its own, the last two with what `disk` keeps laid over this machine's.
 * Cutting its power kills its first process, and the kernel then everything else in it, and takes away its network, its mounts and
 * all in /run at once, as a real power cut does; what lies on `disk` stays.
 */
export interface Machine {
  /** Its first process, by this machine's count: /proc/PID/root is its file tree. */
  readonly pid: number;
  /** The command line that runs a program in it, and ends with that program's arguments. */
  entering(argv: readonly string[]): readonly string[];
  exec(argv: readonly string[], options?: CommandOptions): Promise<RunResult>;
  cut(): Promise<void>;
}

/** Boots one. `disk` is a directory: `etc`, `lib` and `work` are made in it. */
export async function bootMachine(disk: string): Promise<Machine> {
  const flags = ['--mount', '--net', '--pid', '--uts', '--fork', '--kill-child=SIGKILL', '--propagation', 'private'];
  const child = spawn('unshare', [...flags, 'sh', '-euc', BOOT, disk], { stdio: ['pipe', 'pipe', 'pipe'] });
  const pid = await firstWord(child);
  const machine: Machine = {
    pid,
    entering: (argv) => ['nsenter', '-t', String(pid), '-m', '-n', '-p', '-u', '--', ...argv],
    exec: (argv, options) => command(machine.entering(argv), options),
    async cut() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'close');
      process.kill(pid, 'SIGKILL');
      await gone;
    },
  };
  return machine;
}

/** The boot script's word that all is mounted: its first process as the machine outside counts it. */
async function firstWord(child: ChildProcess): Promise<number> {
  if (!child.stdout || !child.stderr) throw new TypeError('pipes were asked for');
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString('utf8');
  });
  child.on('error', ({ message }) => {
    said += message;
  });
  for await (const line of createInterface({ input: child.stdout })) if (/^[0-9]+$/.test(line)) return Number(line);
  throw new Error(`the machine did not boot: ${said.trim()}`);
}

/**
 * /proc/self still tells the outer count before the machine's own /proc is mounted. The shell stays as its first process,
 * which collects orphans, until the pipe from the test ends: nothing outlives the test, however that dies.
 */
const BOOT = `
read -r pid rest < /proc/self/stat
mkdir -p "$0/etc" "$0/lib" "$0/work/etc" "$0/work/lib" "$0/cni" "$0/containerd"
mount -t proc proc /proc
mount -t tmpfs -o mode=755 tmpfs /run
mount -t overlay overlay -o "lowerdir=/etc,upperdir=$0/etc,workdir=$0/work/etc" /etc
mount -t overlay overlay -o "lowerdir=/var/lib,upperdir=$0/lib,workdir=$0/work/lib" /var/lib
mkdir -p /var/lib/cni /var/lib/containerd /run/cgroup /run/netns
mount --bind "$0/cni" /var/lib/cni
mount --bind "$0/containerd" /var/lib/containerd
if mountpoint -q /sys/fs/cgroup; then mount --rbind /sys/fs/cgroup /run/cgroup; else mount -t cgroup2 none /run/cgroup; fi
mount -t sysfs sysfs /sys
mount --rbind /run/cgroup /sys/fs/cgroup
umount -l /run/cgroup
hostname node-1
ip link set lo up
echo "$pid"
exec >&-
cat >/dev/null
`;
