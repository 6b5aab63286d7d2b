// A node to guard, for guard.mjs: in the namespaces of the process that calls, with settings that do not reach each other.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync, readSync, rmdirSync, writeFileSync, writeSync } from 'node:fs';
import { request } from 'node:http';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
const recorder = fileURLToPath(new URL('../test/guard/drift-recorder.mjs', import.meta.url));
const writer = fileURLToPath(new URL('../test/guard/hostile.mjs', import.meta.url));
const NAMES = [
  'rp_filter',
  'arp_ignore',
  'arp_announce',
  'accept_local',
  'arp_notify',
  'proxy_arp',
  'log_martians',
  'arp_accept',
  'drop_gratuitous_arp',
  'route_localnet',
];
const LINKS = ['bench0', 'bench1', 'bench2', 'bench3'];
/** USER_HZ, as proc(5) has it: the same on every architecture Node runs on. */
const TICKS = 100;

/** Seconds of processor time: its own, and that of its children that have ended. */
export function cpuOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  const [user, system, childrensUser, childrensSystem] = fields.slice(11, 15).map((ticks) => Number(ticks) / TICKS);
  return { own: user + system, childrens: childrensUser + childrensSystem };
}

export function residentMiB(pid) {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

/** How long each setting stands at 1 until it is 0 again, in milliseconds; see drift-recorder.mjs. */
export function standing(keys, apartMs = 0) {
  const args = [String(apartMs), ...keys.map((key) => `${key}=1`)];
  const lines = execFileSync(process.execPath, [recorder, ...args], { encoding: 'utf8' })
    .trim()
    .split('\n');
  return lines.map((line) => JSON.parse(line).stoodMs);
}

/** Where the cgroup v2 hierarchy is mounted; else it is mounted here, where nobody else sees it. */
function hierarchy(directory) {
  for (const line of readFileSync('/proc/self/mountinfo', 'utf8').split('\n')) {
    const fields = line.split(' ');
    if (fields[fields.indexOf('-') + 1] === 'cgroup2') return fields[4];
  }
  mkdirSync(`${directory}/cgroup`);
  execFileSync('mount', ['-t', 'cgroup2', 'none', `${directory}/cgroup`]);
  return `${directory}/cgroup`;
}

function ask(socketPath, path) {
  return new Promise((resolve) => {
    const asking = request({ socketPath, path }, (response) => {
      let body = '';
      response.on('data', (part) => {
        body += part;
      });
      response.on('end', () => resolve({ status: response.statusCode, body }));
    });
    asking.on('error', () => resolve({ status: 0, body: '' }));
    asking.end();
  });
}

export function guardNode(directory) {
  const cgroup = `${hierarchy(directory)}/hayward-bench-${process.pid.toString(36)}`;
  const keys = LINKS.flatMap((link) => NAMES.map((name) => `net/ipv4/conf/${link}/${name}`));
  for (const [one, other] of [LINKS.slice(0, 2), LINKS.slice(2)])
    execFileSync('ip', ['link', 'add', one, 'type', 'veth', 'peer', 'name', other]);
  for (const key of keys) writeFileSync(`/proc/sys/${key}`, '0');
  mkdirSync(cgroup);
  mkdirSync(`${cgroup}/loop`);
  writeFileSync(`${cgroup}/cgroup.procs`, String(process.pid));
  const env = { ...process.env, HAYWARD_STATE: `${directory}/state` };
  const socket = `${directory}/state/guard/run/guard.sock`;
  const children = new Set();

  function start(argv, stdio = ['ignore', 'ignore', 'inherit']) {
    const [file, ...args] = argv;
    const child = spawn(file, args, { env, stdio });
    children.add(child);
    child.once('exit', () => children.delete(child));
    return child;
  }

  async function guard(enforce, intervalMs) {
    const holds = keys.flatMap((key) => ['--hold', `${key}=0`]);
    // Where the kernel cannot hold, auto polls.
    const how = enforce === 'kernel' ? 'auto' : enforce;
    const options = [
      '--enforce',
      how,
      '--cgroup',
      cgroup,
      '--interval',
      `${intervalMs}ms`,
      '--listen',
      'off',
      ...holds,
    ];
    const child = start([process.execPath, cli, 'guard', ...options], ['ignore', 'pipe', 'inherit']);
    createInterface({ input: child.stdout }).resume();
    while ((await ask(socket, '/readyz')).status !== 200) {
      if (child.exitCode !== null) throw new Error(`the guard ended with ${child.exitCode}`);
      await delay(50);
    }
    const { enforce: inForce } = JSON.parse((await ask(socket, '/v1/status')).body);
    return {
      pid: child.pid,
      how: inForce.inForce,
      why: inForce.why,
      async end() {
        child.kill('SIGTERM');
        await once(child, 'exit');
        execFileSync(process.execPath, [cli, 'guard', 'release'], { env, stdio: 'ignore' });
      },
    };
  }

  return {
    keys,
    start,
    guard,
    /** Writers that do not rest, of one setting each. */
    writers: (count) =>
      keys.slice(0, count).map((key) => start([process.execPath, writer, key], ['pipe', 'ignore', 'inherit'])),
    /** Writes one setting again and again, reads it each time. */
    hostile(times) {
      const [path] = keys.map((key) => `/proc/sys/${key}`);
      const [reading, writing] = [openSync(path, 'r'), openSync(path, 'w')];
      const buffer = Buffer.alloc(16);
      let wrong = 0;
      const began = performance.now();
      for (let i = 0; i < times; i += 1) {
        writeSync(writing, '1\n', 0);
        if (readSync(reading, buffer, 0, 16, 0) !== 2 || buffer[0] !== 0x30) wrong += 1;
      }
      const tookMs = performance.now() - began;
      for (const file of [reading, writing]) closeSync(file);
      return { wrong, tookMs };
    },
    shellLoop() {
      const settings = keys.map((key) => `${key}=0`).join(' ');
      const script = `echo $$ > ${cgroup}/loop/cgroup.procs; while :; do for one in ${settings}; do sysctl -qw $one; done; sleep 1; done`;
      const child = start(['sh', '-c', script]);
      return {
        cpu: () => Number(/^usage_usec (\d+)$/m.exec(readFileSync(`${cgroup}/loop/cpu.stat`, 'utf8'))?.[1]) / 1e6,
        async end() {
          child.kill('SIGKILL');
          await once(child, 'exit');
        },
      };
    },
    async remove() {
      const ended = [...children].map((child) => once(child, 'exit'));
      for (const child of children) child.kill('SIGKILL');
      await Promise.all(ended);
      writeFileSync(`${cgroup}/../cgroup.procs`, String(process.pid));
      // Of a loop that was ended, the last sysctl or sleep may still run.
      writeFileSync(`${cgroup}/cgroup.kill`, '1');
      while (!readFileSync(`${cgroup}/cgroup.events`, 'utf8').includes('populated 0')) await delay(20);
      for (const one of [`${cgroup}/loop`, cgroup]) rmdirSync(one);
    },
  };
}
