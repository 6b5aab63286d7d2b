// What the guard's senses and reflexes cost by themselves: 40 settings read every 100 ms, links by netlink, files and
// units by inotify, modules once a second; in a network namespace of their own, beside a timer that does nothing.
// Needs root.
import { spawnSync } from 'node:child_process';
import { bundledProgram } from './bundled-program.mjs';
import { figure, skipped } from './measure.mjs';

const SECONDS = 30;
const FIGURE = 'guard senses: 40 keys at 100 ms';
const PROGRAM = `
import { makeKeeper } from './keep/keeper.ts';
import { watchFiles } from './watch/files.ts';
import { linkTable } from './watch/links.ts';
import { watchModules } from './watch/modules.ts';
import { openNetworkWatch } from './watch/netlink.ts';
import { PLACES } from './watch/places.ts';
import { watchSettings } from './watch/settings.ts';
import { watchUnits } from './watch/units.ts';

const bare = process.argv[2] === 'bare';
const settings = watchSettings();
const names = ['rp_filter', 'forwarding', 'accept_redirects', 'arp_ignore', 'arp_announce', 'log_martians',
  'send_redirects', 'proxy_arp', 'accept_local', 'route_localnet', 'arp_filter', 'shared_media', 'tag'];
const keys = ['net/ipv4/ip_forward', ...['all', 'default', 'lo'].flatMap((device) => names.map((name) => 'net/ipv4/conf/' + device + '/' + name))].slice(0, 40);
const keeper = makeKeeper({ intervalMs: 100 });
if (!bare) keeper.want(keys.map((key) => ({ kind: 'setting', key, value: settings.read(key).value, by: 'bench', reason: { en: '', 'zh-CN': '' } })));
const network = bare ? undefined : (await openNetworkWatch()).value;
const files = bare ? undefined : watchFiles({ places: PLACES });
const units = bare ? undefined : watchUnits();
const modules = bare ? undefined : watchModules();
const links = linkTable();
let ticks = 0;
function tick() {
  const now = { ms: performance.now(), at: new Date() };
  ticks += 1;
  if (bare) return;
  links.apply(network.drain());
  for (const { key, demand } of keeper.order()) keeper.look(key, settings.read(demand.key), now);
  keeper.events();
  files.drain(now.ms);
  if (units.known) units.value.drain(now.ms);
  if (ticks % 10 === 0) modules.drain();
}
setInterval(tick, 100);
// What starting and compiling costs is over by then.
setTimeout(() => {
  const [before, at, first] = [process.cpuUsage(), performance.now(), ticks];
  setTimeout(() => {
    const used = process.cpuUsage(before);
    const percent = (used.user + used.system) / 10 / (performance.now() - at);
    process.stdout.write(JSON.stringify({ percent, keys: keeper.order().length, ticks: ticks - first, rss: process.memoryUsage().rss }));
    process.exit();
  }, ${SECONDS * 1000});
}, 5000);
`;

function measure() {
  const program = bundledProgram(PROGRAM, 'src/guard');
  try {
    const run = (...args) =>
      JSON.parse(spawnSync('unshare', ['-n', process.execPath, program.file, ...args], { encoding: 'utf8' }).stdout);
    const [bare, full] = [run('bare'), run()];
    const megabytes = (bytes) => `${Math.round(bytes / 1e6)} MB resident`;
    figure({
      name: FIGURE,
      value: Math.round(full.percent * 1000) / 1000,
      unit: '% of a core',
      atMost: 1,
      note: `${full.keys} keys, ${full.ticks} ticks, ${megabytes(full.rss)}; a timer alone ${bare.percent.toFixed(3)} %, ${megabytes(bare.rss)}`,
    });
  } finally {
    program.remove();
  }
}

if (process.getuid() === 0) measure();
else skipped(FIGURE, 'a network namespace of its own needs root');
