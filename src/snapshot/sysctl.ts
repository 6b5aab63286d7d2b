import type { Ask } from '../hosts/ask.ts';
import type { CaptureView } from '../hosts/capture.ts';
import { known, mapReading, type Reading, unknown } from '../hosts/reading.ts';
import { subject } from './subject.ts';

/**
 * Settings below /proc/sys. A key is the path below /proc/sys (`net/ipv4/conf/eth0.100/rp_filter`), because an
 * interface's name may hold dots; `sysctlName` gives the name sysctl(8) prints (`net.ipv4.conf.eth0/100.rp_filter`).
 */
export interface SysctlValues {
  get(key: string): Reading<string>;
  /** Interfaces with settings of this family (`all` and `default` left out), in byte order. */
  interfaces(family: 'ipv4' | 'ipv6'): Reading<readonly string[]>;
}

/** Per interface, below net/ipv4/conf/ and net/ipv6/conf/: a large node has some 250 interfaces, so only what is judged. */
const IPV4_PER_INTERFACE = ['forwarding', 'rp_filter', 'src_valid_mark', 'arp_ignore', 'arp_announce'] as const;
const IPV6_PER_INTERFACE = ['forwarding', 'accept_ra', 'disable_ipv6'] as const;

/** Single settings a profile wants, a problem looks at, or a remedy must know before it writes. */
const SINGLE = [
  'net/ipv4/ip_forward',
  'net/ipv4/ip_local_reserved_ports',
  'net/ipv4/conf/all/arp_accept',
  'net/ipv4/conf/default/arp_accept',
  'net/ipv4/neigh/default/gc_thresh1',
  'net/ipv4/neigh/default/gc_thresh2',
  'net/ipv4/neigh/default/gc_thresh3',
  'net/ipv4/tcp_max_syn_backlog',
  'net/ipv4/tcp_max_tw_buckets',
  'net/ipv4/tcp_max_orphans',
  'net/ipv4/tcp_retries2',
  'net/ipv4/tcp_keepalive_time',
  'net/ipv4/tcp_keepalive_intvl',
  'net/ipv4/tcp_keepalive_probes',
  'net/ipv4/udp_rmem_min',
  'net/ipv4/udp_wmem_min',
  'net/core/netdev_max_backlog',
  'net/core/rmem_max',
  'net/core/wmem_max',
  'net/core/somaxconn',
  'net/core/devconf_inherit_init_net',
  'net/netfilter/nf_conntrack_max',
  'net/netfilter/nf_conntrack_count',
  'net/netfilter/nf_conntrack_tcp_be_liberal',
  'vm/max_map_count',
  'vm/swappiness',
  'vm/overcommit_memory',
  'fs/inotify/max_user_instances',
  'fs/inotify/max_user_watches',
  'fs/pipe-max-size',
  'fs/aio-max-nr',
  'kernel/pid_max',
  'kernel/watchdog_thresh',
  'kernel/hung_task_timeout_secs',
] as const;

const GLOBS = [
  ...IPV4_PER_INTERFACE.map((name) => `net/ipv4/conf/*/${name}`),
  ...IPV6_PER_INTERFACE.map((name) => `net/ipv6/conf/*/${name}`),
  'net/bridge/*',
  'net/ipv4/vs/*',
  ...SINGLE,
];

const ROOT = '/proc/sys/';

/** What a glob covers was looked at: a key that is then not there does not exist. */
function readingOf(view: CaptureView, key: string): Reading<string> {
  const path = `${ROOT}${key}`;
  const reading = view.text(path);
  if (reading.known || reading.reason !== 'not-collected') return mapReading(reading, (text) => text.trim());
  const glob = Object.keys(view.capture.globs).find((candidate) => matches(candidate, path));
  if (glob === undefined) return reading;
  const matched = view.files(glob);
  return matched.known ? unknown('absent', path, `${path} does not exist`) : { ...matched, source: path };
}

function matches(glob: string, path: string): boolean {
  const patterns = glob.split('/');
  const words = path.split('/');
  return patterns.length === words.length && patterns.every((pattern, at) => pattern === '*' || pattern === words[at]);
}

function interfacesOf(view: CaptureView, glob: string): Reading<readonly string[]> {
  const files = view.files(glob);
  if (!files.known) return files;
  const names = [...files.value.keys()].map((path) => path.split('/').at(-2) ?? '');
  return known(
    names.filter((name) => name !== 'all' && name !== 'default'),
    glob,
  );
}

export const sysctl = subject<SysctlValues>({
  asks: GLOBS.map((glob): Ask => ({ kind: 'values', glob: `${ROOT}${glob}` })),
  parse: (view) => ({
    get: (key) => readingOf(view, key),
    interfaces: (family) => interfacesOf(view, `${ROOT}net/${family}/conf/*/forwarding`),
  }),
});
