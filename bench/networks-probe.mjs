// How long 500 VM networks take that are probed at the same time on one node, against the slowest of some probed alone. Each has a
// bridge, an uplink that is watched, and a gateway with DHCP beyond it: the kernel and a dnsmasq for 25 of them, for what one takes
// to answer a packet grows with its interfaces. Needs root and dnsmasq.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { bundledProgram } from './bundled-program.mjs';
import { figure, skipped } from './measure.mjs';

const FIGURE = '500 VM networks at once';
const NETWORKS = 500;
const ALONE = 5;
/** Networks a DHCP server has. */
const SERVED = 25;

/** Probes some networks alone, then all at once, and counts what the stations sent. */
const PROGRAM = `
import { openTaggedSocket } from '../tagged-socket.ts';
import { boundedProber } from './many.ts';
import { assembled } from './station-filter.ts';
const probe = boundedProber();
const request = (n) => ({ bridge: 'n' + n, vlan: 0, servers: [], uplinks: ['u' + n], count: 5, offerWaitMs: 10_000 });
async function timed(numbers) {
  const started = performance.now();
  const cpu = process.cpuUsage();
  const probes = await Promise.all(numbers.map((n) => probe(request(n))));
  const used = process.cpuUsage(cpu);
  const bad = probes.filter(({ outcome }) => outcome.reason !== 'ok');
  if (bad.length > 0) throw new Error(bad.length + ' not connected: ' + JSON.stringify([bad[0].outcome, bad[0].failure]));
  return { ms: performance.now() - started, cpuMs: (used.user + used.system) / 1000, probes };
}
let delay = 0;
const alone = [];
// The first fills the caches.
for (let n = 0; n <= ${ALONE}; n += 1) alone.push((await timed([n])).ms);
let last = performance.now();
const beat = setInterval(() => {
  const now = performance.now();
  delay = Math.max(delay, now - last - 20);
  last = now;
}, 20);
const all = await timed(Array.from({ length: ${NETWORKS} }, (_, n) => n));
clearInterval(beat);
const frames = all.probes.flatMap(({ facts }) => facts.frames.filter(({ direction }) => direction === 'out'));
const socket = await openTaggedSocket('u0', assembled([{ code: 6, yes: 0, no: 0, operand: 0 }]));
const frame = new Uint8Array(342).fill(0xee);
const started = performance.now();
for (let n = 0; n < frames.length; n += 1) socket.send(frame);
const sending = performance.now() - started;
socket.close();
process.stdout.write(JSON.stringify({ alone: alone.slice(1), all: all.ms, cpu: all.cpuMs, delay, sending, frames: frames.length,
  rss: process.memoryUsage().rss }));
`;

function must(argv, input) {
  const [program, ...args] = argv;
  const run = spawnSync(program, args, { input, encoding: 'utf8', maxBuffer: 1 << 26 });
  if (run.status !== 0) throw new Error(`${argv.join(' ')}: ${run.error?.message ?? run.stderr.trim()}`);
  return run.stdout;
}

/** Without blocking this process, which takes what dnsmasq writes. */
async function output([program, ...args]) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  const [status] = await once(child, 'close');
  if (status !== 0) throw new Error(`${program} ended with ${status}`);
  return text;
}

/** What the kernel takes to make 500 ports and remove them again, in as few calls as there can be; in milliseconds. */
function ports(node) {
  const began = performance.now();
  must(
    ['ip', '-n', node, '-batch', '-'],
    each((n) => [
      `link add i${n} group 77 type veth peer name o${n} group 77`,
      `link set i${n} master n${n}`,
      `link set i${n} up`,
      `link set o${n} up`,
    ]),
  );
  must(['ip', '-n', node, 'link', 'del', 'group', '77']);
  return performance.now() - began;
}

const net = (n) => `10.${1 + (n >> 8)}.${n & 255}`;
const allNetworks = Array.from({ length: NETWORKS }, (_, n) => n);
const each = (lines, networks = allNetworks) => `${networks.flatMap(lines).join('\n')}\n`;
const placeOf = (places, n) => places[Math.floor(n / SERVED)];
const networksOf = (places, place) => allNetworks.filter((n) => placeOf(places, n) === place);

function build(node, places) {
  const quiet = ['net.ipv6.conf.all.disable_ipv6=1', 'net.ipv6.conf.default.disable_ipv6=1'];
  for (const name of [node, ...places]) {
    must(['ip', 'netns', 'add', name]);
    must(['ip', 'netns', 'exec', name, 'sysctl', '-qw', ...quiet]);
  }
  must(
    ['ip', '-n', node, '-batch', '-'],
    each((n) => [
      `link add n${n} type bridge mcast_snooping 0`,
      `link add u${n} type veth peer name g${n} netns ${placeOf(places, n)}`,
      `link set u${n} master n${n} up`,
      `link set n${n} up`,
    ]),
  );
  for (const place of places) {
    must(
      ['ip', '-n', place, '-batch', '-'],
      each((n) => [`addr add ${net(n)}.1/24 dev g${n}`, `link set g${n} up`], networksOf(places, place)),
    );
  }
}

async function serve(place, networks) {
  const common = [
    '--keep-in-foreground',
    '--conf-file=/dev/null',
    '--pid-file=',
    '--port=0',
    '--user=root',
    '--no-ping',
  ];
  const ranges = networks.map((n) => `--dhcp-range=${net(n)}.10,${net(n)}.20,1h`);
  const more = ['--leasefile-ro', '--log-facility=-', '--dhcp-lease-max=5000'];
  const child = spawn('ip', ['netns', 'exec', place, 'dnsmasq', ...common, ...more, ...ranges], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let told = '';
  while (!told.includes('DHCP, IP range')) told += (await once(child.stderr, 'data'))[0];
  child.stderr.resume();
  return child;
}

async function measure() {
  const token = Math.random().toString(36).slice(2, 8);
  const node = `hwb-${token}-node`;
  const places = Array.from({ length: NETWORKS / SERVED }, (_, n) => `hwb-${token}-${n}`);
  const program = bundledProgram(PROGRAM, 'src/probes/vm-network');
  const servers = [];
  try {
    build(node, places);
    for (const place of places) servers.push(await serve(place, networksOf(places, place)));
    const told = JSON.parse(await output(['ip', 'netns', 'exec', node, process.execPath, program.file]));
    const slowest = Math.max(...told.alone);
    const portsMs = ports(node);
    const ms = (value) => `${Math.round(value)} ms`;
    figure({
      name: FIGURE,
      value: (told.all - told.sending - portsMs) / slowest,
      unit: 'x the slowest alone',
      atMost: 2,
      note: `${ms(told.all)} for all, without the floor: ${ms(portsMs)} for 500 ports and ${ms(told.sending)} to send ${told.frames} frames; ${ms(slowest)} the slowest of ${told.alone.length} alone; ${ms(told.cpu)} of processor time, at most ${ms(told.delay)} late at a time, ${Math.round(told.rss / 1e6)} MB resident`,
    });
  } finally {
    for (const server of servers) server.kill();
    for (const name of [node, ...places]) spawnSync('ip', ['netns', 'del', name]);
    program.remove();
  }
}

if (process.getuid() === 0) await measure();
else skipped(FIGURE, 'network namespaces of its own need root');
