/**
 * What the kernel makes of writes to /proc/sys/net: which texts it takes, and which other settings change with one.
 * Only what decides where values end is modelled; the rules are in net/ipv4/devinet.c, net/ipv6/addrconf.c and
 * net/bridge/br_netfilter_hooks.c, and are held against a real kernel by systemd-sysctl.kernel.test.ts.
 */

export interface KernelSettings {
  /** undefined: the kernel's own default, whatever that is, or no such key. */
  get(key: string): string | undefined;
  has(key: string): boolean;
  /** A key comes into being, with its value where that is known: a module was loaded, an interface appeared. */
  add(key: string, value: string | undefined): void;
  /**
   * One write(2). Returns the keys whose value it decided: empty when there is no such key or the kernel refuses the
   * text. Like systemd-sysctl from v250 on, a text that already stands there is not written at all.
   */
  write(key: string, text: string): readonly string[];
}

export interface KernelStart {
  /** Every key that exists, with its value where it is known. Changes beyond these keys are not followed. */
  readonly values: ReadonlyMap<string, string | undefined>;
  /**
   * Interfaces that have been given an IPv4 address: from then on a write to conf/default leaves them alone. Until
   * then it still reaches every value of theirs that nobody wrote (devinet_copy_dflt_conf). `lo` has one from the start.
   */
  readonly addressed: (device: string) => boolean;
}

const IPV4_FORWARD = 'net/ipv4/ip_forward';
const IPV4_ALL_FORWARDING = 'net/ipv4/conf/all/forwarding';

/** Handled by functions of their own that copy nothing from conf/default (devinet_sysctl_forward, ipv4_doint_and_flush). */
const NOT_COPIED = new Set([
  'forwarding',
  'mc_forwarding',
  'disable_xfrm',
  'disable_policy',
  'promote_secondaries',
  'route_localnet',
  'drop_unicast_in_l2_multicast',
]);

/** IPv6 settings whose `all` is written through to `default` and every interface, changed or not (addrconf.c). */
const IPV6_WRITTEN_THROUGH: ReadonlySet<string> = new Set([
  'forwarding',
  'disable_ipv6',
  'ignore_routes_with_linkdown',
]);

interface Conf {
  readonly family: 'ipv4' | 'ipv6';
  readonly device: string;
  readonly name: string;
}

/** The parts of a per-interface key; undefined for any other. */
export function confOf(key: string): Conf | undefined {
  const match = /^net\/(ipv4|ipv6)\/conf\/([^/]+)\/([^/]+)$/.exec(key);
  if (!match) return undefined;
  return { family: match[1] === 'ipv4' ? 'ipv4' : 'ipv6', device: match[2] ?? '', name: match[3] ?? '' };
}

/** The key below /proc/sys of a setting of one device. */
export function confKey({ family, device, name }: Conf): string {
  return `net/${family}/conf/${device}/${name}`;
}

/** The one name for a setting that has two: conf/all/forwarding is ip_forward. */
export function canonicalKey(key: string): string {
  return key === IPV4_ALL_FORWARDING ? IPV4_FORWARD : key;
}

function otherName(key: string): string {
  if (key === IPV4_FORWARD) return IPV4_ALL_FORWARDING;
  return canonicalKey(key);
}

/** The keys that can change with this one, itself first. */
export function relatedKeys(key: string): string[] {
  const conf = confOf(key);
  const group = conf ? ['all', 'default'].map((device) => confKey({ ...conf, device })) : [];
  const forwarding = [IPV4_FORWARD, IPV4_ALL_FORWARDING, 'net/ipv4/conf/default/forwarding'];
  return [...new Set([key, ...group, ...(key.startsWith('net/ipv4/') ? forwarding : [])])];
}

/** A write to `other` may decide the value of `key` on an interface as it is at boot, before it has an address. */
export function mayDecide(other: string, key: string): boolean {
  if (canonicalKey(other) === canonicalKey(key)) return true;
  const conf = confOf(key);
  if (!conf || conf.device === 'all') return false;
  if (canonicalKey(other) === IPV4_FORWARD) return conf.family === 'ipv4' && conf.name === 'forwarding';
  const from = confOf(other);
  if (from?.family !== conf.family || from.name !== conf.name) return false;
  if (from.device === 'all') return conf.family === 'ipv6' && IPV6_WRITTEN_THROUGH.has(conf.name);
  return from.device === 'default' && conf.device !== 'lo';
}

/** A kernel that starts from these values: what a write changes besides its own key, what a new device inherits. */
export function kernelSettings(start: KernelStart): KernelSettings {
  const values = new Map(start.values);
  /** IPv4 per-interface keys somebody wrote: conf/default reaches them no more. */
  const written = new Set<string>();

  function set(key: string, value: string): string[] {
    if (!values.has(key)) return [];
    values.set(key, value);
    return [key];
  }

  function siblings({ family, name }: Conf): Conf[] {
    return [...values.keys()]
      .map((key) => confOf(key))
      .filter((conf) => conf !== undefined)
      .filter((conf) => conf.family === family && conf.name === name && conf.device !== 'all');
  }

  /** ip_forward: a change makes every interface follow, and turns conf/all/accept_redirects the other way round. */
  function forwardIpv4(value: string, changed: boolean): string[] {
    const decided = [IPV4_FORWARD, IPV4_ALL_FORWARDING].flatMap((key) => set(key, value));
    if (!changed) return decided;
    const redirects = set('net/ipv4/conf/all/accept_redirects', value === '0' ? '1' : '0');
    const every = siblings({ family: 'ipv4', device: 'all', name: 'forwarding' });
    return [...decided, ...redirects, ...every.flatMap((conf) => set(confKey(conf), value))];
  }

  /** The kernel counts a text it refuses as written, too, and copies conf/default's unchanged value (devinet_conf_proc). */
  function writeIpv4(conf: Conf, value: string | undefined): string[] {
    const key = confKey(conf);
    const decided = value === undefined ? [] : set(key, value);
    if (NOT_COPIED.has(conf.name)) return decided;
    if (conf.device !== 'default') {
      written.add(key);
      return decided;
    }
    const copied = values.get(key);
    const follow = siblings(conf).filter(
      (other) => other.device !== 'default' && !start.addressed(other.device) && !written.has(confKey(other)),
    );
    return copied === undefined ? decided : [...decided, ...follow.flatMap((other) => set(confKey(other), copied))];
  }

  function writeIpv6(conf: Conf, value: string): string[] {
    const through = conf.device === 'all' && IPV6_WRITTEN_THROUGH.has(conf.name) ? siblings(conf) : [];
    return [...set(confKey(conf), value), ...through.flatMap((other) => set(confKey(other), value))];
  }

  return {
    get: (key) => values.get(key),
    has: (key) => values.has(key),
    add(key, value) {
      if (!values.has(key)) values.set(key, value);
    },
    write(key, text) {
      if (!values.has(key)) return [];
      const before = values.get(key);
      if (before === text) return [key, otherName(key)].filter((name) => values.has(name));
      const value = storedValue(key, text);
      const conf = confOf(key);
      if (conf?.family === 'ipv4' && conf.name !== 'forwarding') return writeIpv4(conf, value);
      if (value === undefined) return [];
      if (key === IPV4_FORWARD || key === IPV4_ALL_FORWARDING) return forwardIpv4(value, value !== before);
      return conf?.family === 'ipv6' ? writeIpv6(conf, value) : set(key, value);
    },
  };
}

/**
 * What the kernel keeps of a text written to a key: undefined when it refuses it (EINVAL). Integers may be octal or
 * hexadecimal, and what follows the first one after white space is ignored (proc_dointvec). A bridge's switches hold
 * 0 or 1. Settings not known to be single integers are taken as they are written.
 */
export function storedValue(key: string, text: string): string | undefined {
  if (!isInteger(key)) return text;
  const match = /^\s*(-?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)(?=[ \t\n]|$)/.exec(text);
  if (!match) return undefined;
  const digits = match[2] ?? '';
  if (`${match[1]}${digits}`.length > MAX_DIGITS) return undefined;
  const magnitude = Number(/^0[0-7]/.test(digits) ? `0o${digits.slice(1)}` : digits);
  const number = match[1] ? -magnitude : magnitude;
  if (number < -0x80000000 || number > 0x7fffffff) return undefined;
  if (key.startsWith('net/bridge/')) return number === 0 ? '0' : '1';
  return String(number === 0 ? 0 : number);
}

/** TMPBUFLEN of kernel/sysctl.c less the terminating NUL. */
const MAX_DIGITS = 21;

function isInteger(key: string): boolean {
  if (key === IPV4_FORWARD || key.startsWith('net/bridge/')) return true;
  const conf = confOf(key);
  return conf !== undefined && conf.name !== 'stable_secret';
}

/** Equal as far as the kernel can tell: white space between numbers does not count. */
export function sameValue(a: string, b: string): boolean {
  return a.trim().split(/\s+/).join(' ') === b.trim().split(/\s+/).join(' ');
}
