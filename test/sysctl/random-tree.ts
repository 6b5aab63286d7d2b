/** Random sysctl.d trees for the comparison with the real systemd-sysctl: dense in the rules that surprise. */

export interface TreeFile {
  readonly directory: string;
  readonly name: string;
  /** null: a link to /dev/null. */
  readonly text: string | null;
}

/** The devices every tree's network namespace has, besides `all`, `default` and `lo`. */
export const DEVICES = ['eth0', 'eth0.100', 'cni0'] as const;
/** eth0 has an IPv4 address, and so has lo. */
export const ADDRESSED: readonly string[] = ['lo', 'eth0'];

const DIRECTORIES = ['/etc/sysctl.d', '/run/sysctl.d', '/usr/local/lib/sysctl.d', '/usr/lib/sysctl.d'] as const;
const NAMES = [
  '10-a.conf',
  '50-x.conf',
  '50-x.conf',
  '90-bridge.conf',
  '99-z.conf',
  'B.conf',
  'a.conf',
  'zz-\u00e9.conf',
  '\u{1f980}.conf',
  '\uffee.conf',
  '.hidden.conf',
  '50-x.conf~',
  'README',
] as const;
const IPV4 = ['rp_filter', 'forwarding', 'forwarding', 'accept_redirects', 'arp_ignore', 'route_localnet'] as const;
const IPV6 = ['forwarding', 'disable_ipv6', 'accept_ra', 'ignore_routes_with_linkdown'] as const;
const BRIDGE = ['bridge-nf-call-iptables', 'bridge-nf-call-ip6tables', 'bridge-nf-filter-vlan-tagged'] as const;
/** Plain files in the comparison, not the kernel's: written in place, so only with values of one length. */
const VM = ['swappiness', 'overcommit_memory'] as const;
const WHERE = ['all', 'default', 'lo', ...DEVICES] as const;

/** Every setting that is compared. */
export const KEYS: readonly string[] = [
  'net/ipv4/ip_forward',
  ...WHERE.flatMap((device) => [...new Set(IPV4)].map((name) => `net/ipv4/conf/${device}/${name}`)),
  ...WHERE.flatMap((device) => IPV6.map((name) => `net/ipv6/conf/${device}/${name}`)),
  ...BRIDGE.map((name) => `net/bridge/${name}`),
  ...VM.map((name) => `vm/${name}`),
];

export type Random = () => number;

/** mulberry32: the same seed gives the same trees on every machine. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function randomTree(random: Random): TreeFile[] {
  const files = new Map<string, TreeFile>();
  for (let count = 1 + below(random, 5); count > 0; count--) {
    const directory = pick(random, DIRECTORIES);
    const name = pick(random, NAMES);
    files.set(`${directory}/${name}`, { directory, name, text: randomText(random) });
  }
  return [...files.values()];
}

function below(random: Random, limit: number): number {
  return Math.floor(random() * limit);
}

function pick<T>(random: Random, from: readonly T[]): T {
  return from[below(random, from.length)] as T;
}

function chance(random: Random, share: number): boolean {
  return random() < share;
}

function randomText(random: Random): string | null {
  if (chance(random, 0.05)) return null;
  if (chance(random, 0.05)) return '';
  const end = pick(random, ['\n', '\n', '\n', '\n', '\r\n', '\r', '\n\n']);
  const lines = Array.from({ length: 1 + below(random, 6) }, () => randomLine(random));
  return lines.join(end) + (chance(random, 0.8) ? end : '');
}

function randomLine(random: Random): string {
  const indent = pick(random, ['', '', '', ' ', '\t', '  ']);
  const roll = random();
  if (roll < 0.06) return `${indent}${pick(random, ['#', ';', '# '])}${randomName(random)} = ${randomValue(random)}`;
  if (roll < 0.12) return pick(random, ['', 'junk', '= 1', '-', '- = 1', 'net.ipv4.ip_forward', '=', '\u000b', '==1']);
  if (roll < 0.24) return `${indent}-${pick(random, ['', ' '])}${randomName(random)}`;
  const dash = pick(random, ['', '', '', '', '-', '- ']);
  const equals = pick(random, ['=', ' = ', '=', '\t=\t', ' =']);
  const name = randomName(random);
  const value = /^\/?vm\b/.test(name) ? pick(random, ['0', '1', '2']) : randomValue(random);
  return `${indent}${dash}${name}${equals}${value}${pick(random, ['', '', ' ', '\t '])}`;
}

function randomValue(random: Random): string {
  if (chance(random, 0.85)) return pick(random, ['0', '1', '0', '1', '2']);
  return pick(random, [
    '-1',
    '0x1',
    '01',
    '010',
    '08',
    'abc',
    '',
    '1 2',
    '1;x',
    '1 # x',
    '99999999999',
    '+1',
    '"1"',
    '1=0',
  ]);
}

/** A key in one of the forms sysctl.d(5) allows, sometimes a glob, sometimes one that means another key or none. */
function randomName(random: Random): string {
  const components = randomKey(random);
  const globbed = chance(random, 0.3) ? withGlob(random, components) : components;
  return spelled(random, globbed);
}

function randomKey(random: Random): string[] {
  const roll = random();
  if (roll < 0.15) return ['net', 'ipv4', 'ip_forward'];
  if (roll < 0.3) return ['net', 'bridge', pick(random, BRIDGE)];
  if (roll < 0.35) return ['vm', pick(random, VM)];
  const device = chance(random, 0.05) ? 'eth9' : pick(random, WHERE);
  if (roll < 0.75) return ['net', 'ipv4', 'conf', device, pick(random, IPV4)];
  return ['net', 'ipv6', 'conf', device, pick(random, IPV6)];
}

function withGlob(random: Random, components: readonly string[]): string[] {
  const glob = pick(random, [
    '*',
    '*',
    '*',
    'e*',
    '[ae]*',
    '[!ae]*',
    '?th0',
    'eth0*',
    '{eth0,all}*',
    '*[0-9]',
    '\\a*',
    '[[:alpha:]]*',
    '{*',
    'a{ll,}*',
  ]);
  if (components[2] !== 'conf')
    return [...components.slice(0, -1), pick(random, ['*', 'bridge-nf-call-*', 'ip_f*', '[s]*'])];
  const name = chance(random, 0.15)
    ? pick(random, ['*forw*', 'rp_?ilter', '{rp_filter,forwarding}*'])
    : (components[4] ?? '');
  const family = chance(random, 0.1) ? 'ipv*' : (components[1] ?? '');
  return ['net', family, 'conf', glob, name];
}

function spelled(random: Random, components: readonly string[]): string {
  const roll = random();
  if (roll < 0.5) return components.map((component) => component.replaceAll('.', '/')).join('.');
  if (roll < 0.85) return components.join('/');
  if (roll < 0.9) return components.join('.');
  if (roll < 0.93) return `/${components.join('/')}`;
  if (roll < 0.96) return components.join('//');
  return `${components.slice(0, 2).join('/')}.${components.slice(2).join('/')}`;
}
