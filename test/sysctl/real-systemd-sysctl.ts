import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { libraryPath, unpacked } from '../../lab/packages.ts';
import { DEVICES, KEYS, type TreeFile } from './random-tree.ts';

/** The real systemd-sysctl at work in network namespaces of its own. */
export interface RealSystemdSysctl {
  /** A new network namespace, as fresh as after a boot; the values it starts with. */
  fresh(): Promise<ReadonlyMap<string, string>>;
  /** One run over a tree in the present namespace; the values it leaves. */
  run(tree: readonly TreeFile[]): Promise<ReadonlyMap<string, string>>;
  close(): Promise<void>;
}

const PLACES: Readonly<Record<string, string>> = {
  '/etc/sysctl.d': 'etc',
  '/run/sysctl.d': 'run',
  '/usr/local/lib/sysctl.d': 'local',
  '/usr/lib/sysctl.d': 'usr',
};

/**
 * Mounts, seen by this shell and its children alone: the tree's directories in place of the machine's, and a /proc/sys
 * in which only net (each network namespace has its own) is real, so that nothing of the machine's can be written.
 */
const SETUP = `
set -e
mount -t tmpfs none "$T/sys"; mkdir "$T/sys/net" "$T/sys/vm"
mount --bind /proc/sys/net "$T/sys/net"; mount --rbind "$T/sys" /proc/sys
mount -t tmpfs none "$T/fresh"; mkdir -p "$T/fresh/etc/sysctl.d" "$T/fresh/run/sysctl.d" "$T/fresh/local/sysctl.d"
mount --bind "$T/etc" "$T/fresh/etc/sysctl.d"; mount --bind "$T/run" "$T/fresh/run/sysctl.d"
mount --bind "$T/local" "$T/fresh/local/sysctl.d"
if [ -d /usr/lib/sysctl.d ]; then mount --bind "$T/usr" /usr/lib/sysctl.d; fi
mount --rbind "$T/fresh/etc" /etc; mount --rbind "$T/fresh/run" /run; mount --rbind "$T/fresh/local" /usr/local/lib
set +e
echo ready
while read -r word; do [ "$word" = fresh ] && unshare -n sh "$T/namespace.sh"; done
`;

/** One long-lived shell for all namespaces and all runs in them. */
export async function realSystemdSysctl(): Promise<RealSystemdSysctl> {
  const { program, libraries } = await findProgram();
  const home = mkdtempSync(join(tmpdir(), 'hayward-sysctl-'));
  for (const name of [...Object.values(PLACES), 'sys', 'fresh']) mkdirSync(join(home, name));
  writeFileSync(join(home, 'links'), linkCommands());
  writeFileSync(join(home, 'namespace.sh'), namespaceScript(home, program, libraries));
  const shell = spawn('unshare', ['-mn', 'bash', '-c', SETUP], { env: { ...process.env, T: home } });
  const lines = linesOf(shell);
  if ((await lines.next()) !== 'ready') throw new Error(`the namespaces could not be set up: ${lines.errors()}`);
  let inside = false;
  return {
    async fresh() {
      if (inside) shell.stdin.write('leave\n');
      inside = true;
      shell.stdin.write('fresh\n');
      return readValues(lines);
    },
    async run(tree) {
      layOut(home, tree);
      shell.stdin.write('run\n');
      return readValues(lines);
    },
    async close() {
      const ended = new Promise((resolve) => shell.once('close', resolve));
      shell.stdin.end();
      await ended;
      rmSync(home, { recursive: true, force: true });
    },
  };
}

async function findProgram(): Promise<{ program: string; libraries: string }> {
  for (const path of ['/lib/systemd/systemd-sysctl', '/usr/lib/systemd/systemd-sysctl']) {
    if (existsSync(path)) return { program: path, libraries: '' };
  }
  const folder = await unpacked('systemd', { dependencies: true });
  const program = ['lib', 'usr/lib'].map((base) => join(folder, base, 'systemd/systemd-sysctl')).find(existsSync);
  if (!program) throw new Error(`no systemd-sysctl in ${folder}`);
  return { program, libraries: await libraryPath(folder) };
}

function linkCommands(): string {
  const added = DEVICES.map((name) => `link add name ${name} type bridge`);
  return [...added, 'link set lo up', 'addr add 192.0.2.1/24 dev eth0', ''].join('\n');
}

function namespaceScript(home: string, program: string, libraries: string): string {
  const reset = KEYS.filter((key) => key.startsWith('vm/')).map((key) => `echo 0 >/proc/sys/${key}`);
  const show = `grep -H '' ${KEYS.join(' ')}; echo end`;
  return [
    ...reset,
    `ip -batch ${home}/links || exit 9`,
    'cd /proc/sys',
    show,
    'while read -r word; do',
    '[ "$word" = leave ] && exit',
    `LD_LIBRARY_PATH='${libraries}' ${program} 2>/dev/null </dev/null`,
    show,
    'done',
    '',
  ].join('\n');
}

function layOut(home: string, tree: readonly TreeFile[]): void {
  for (const place of Object.values(PLACES)) {
    const folder = join(home, place);
    for (const name of readdirSync(folder)) rmSync(join(folder, name));
  }
  for (const { directory, name, text } of tree) {
    const path = join(home, PLACES[directory] ?? '', name);
    if (text === null) symlinkSync('/dev/null', path);
    else writeFileSync(path, text);
  }
}

interface Lines {
  next(): Promise<string | undefined>;
  errors(): string;
}

function linesOf(shell: ChildProcessWithoutNullStreams): Lines {
  const iterator = createInterface({ input: shell.stdout })[Symbol.asyncIterator]();
  let errors = '';
  shell.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  return {
    async next() {
      const { done, value } = await iterator.next();
      return done ? undefined : value;
    },
    errors: () => errors,
  };
}

async function readValues(lines: Lines): Promise<Map<string, string>> {
  const values = new Map<string, string>();
  for (;;) {
    const line = await lines.next();
    if (line === undefined) throw new Error(`the shell ended: ${lines.errors()}`);
    if (line === 'end') return values;
    const colon = line.indexOf(':');
    values.set(line.slice(0, colon), line.slice(colon + 1));
  }
}
