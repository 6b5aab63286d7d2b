import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What one boot did, from power-on to power-off. */
export interface VmResult {
  /** The script's exit status; null when the machine went down, or was killed, before it could say. */
  readonly exitCode: number | null;
  /** The script's standard output and error, as it wrote them. */
  readonly output: string;
  /** The serial console: the kernel's and init's words. */
  readonly console: string;
  readonly timedOut: boolean;
  readonly durationMs: number;
}

export interface MachineOptions {
  readonly kernel: string;
  readonly initramfs: string;
  /** Added to the kernel's command line. */
  readonly append?: string;
  /** A raw disk image, as /dev/vda. */
  readonly disk?: string;
  readonly memoryMb?: number;
  readonly timeoutMs?: number;
  /** A network card eth0 (virtio_net) where 10.0.2.2 is this machine's own 127.0.0.1: QEMU's user network, 10.0.2.0/24. */
  readonly network?: boolean;
  /** What the hardware clock shows at power-on (UTC), e.g. `2006-01-01T00:00:00`; the true time unless said otherwise. */
  readonly clock?: string;
}

/** What the machine says on its console to have its power cut. */
export const CUT_MARK = 'hayward-lab-power-cut';

/** How the machine says that the script ended, on a line of its own on the second serial port. */
export const END_MARK = 'hayward-lab-exit';

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/**
 * Boots a machine and waits until it powers itself off; past the time limit, and when it asks for its power to be cut, it is
 * killed, by its own process id: nothing in it is stopped, written or unmounted any more.
 * The first serial port is the console, the second carries what the script says. Emulated without KVM, which hangs
 * where virtual machines may not nest.
 */
export async function runMachine(options: MachineOptions): Promise<VmResult> {
  const folder = await mkdtemp(join(tmpdir(), 'hayward-vm-'));
  const report = join(folder, 'report');
  const started = performance.now();
  try {
    const { console, timedOut } = await emulate(argumentsFor(options, report), options.timeoutMs ?? 120_000);
    const said = (await readFile(report, 'utf8').catch(() => '')).replaceAll('\r\n', '\n');
    return { ...scriptEnd(said), console, timedOut, durationMs: performance.now() - started };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function argumentsFor(options: MachineOptions, report: string): string[] {
  const append = `console=ttyS0 panic=-1 quiet net.ifnames=0 ${options.append ?? ''}`.trim();
  return [
    ...[
      '-accel',
      'tcg',
      '-m',
      String(options.memoryMb ?? 768),
      '-smp',
      '2',
      '-nodefaults',
      '-display',
      'none',
      '-no-reboot',
    ],
    ...['-serial', 'stdio', '-serial', `file:${report}`, '-device', 'virtio-rng-pci'],
    ...['-kernel', options.kernel, '-initrd', options.initramfs, '-append', append],
    ...(options.network ? ['-netdev', 'user,id=n0', '-device', 'virtio-net-pci,netdev=n0,romfile='] : []),
    ...(options.clock === undefined ? [] : ['-rtc', `base=${options.clock}`]),
    ...(options.disk === undefined ? [] : ['-drive', `file=${options.disk},if=virtio,format=raw,cache=unsafe`]),
  ];
}

function emulate(argv: readonly string[], timeoutMs: number): Promise<{ console: string; timedOut: boolean }> {
  return new Promise((resolve, reject) => {
    const child = spawn('qemu-system-x86_64', argv, { stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(child);
    const chunks: Buffer[] = [];
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill('SIGKILL');
    }, timeoutMs);
    let line = '';
    child.stdout.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      line = (line + chunk.toString('latin1')).slice(-1024);
      if (line.includes(CUT_MARK)) child.kill('SIGKILL');
    });
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('error', (error) => {
      clearTimeout(timer);
      running.delete(child);
      reject(new Error(`qemu-system-x86_64: ${error.message}`, { cause: error }));
    });
    child.on('close', () => {
      clearTimeout(timer);
      running.delete(child);
      resolve({ console: Buffer.concat(chunks).toString('utf8').replaceAll('\r\n', '\n'), timedOut });
    });
  });
}

/** Splits what came over the second port into the script's own words and its exit status. */
export function scriptEnd(said: string): { output: string; exitCode: number | null } {
  const end = new RegExp(`\\n?${END_MARK} (\\d+)\\n?$`).exec(said);
  if (!end) return { output: said, exitCode: null };
  return { output: said.slice(0, end.index), exitCode: Number(end[1]) };
}
