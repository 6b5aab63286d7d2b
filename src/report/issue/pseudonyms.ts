import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** Other names for what tells whose a cluster is: the same thing has the same name throughout. */
export interface Pseudonyms {
  /** A text with public addresses, host names and users' home directories replaced. */
  replaced(text: string): string;
  /** What a host is called, of however few letters. */
  host(name: string): string;
  /** How many of each were. */
  counted(): { readonly hosts: number; readonly addresses: number };
}

/** What everybody's nodes and clusters are called tells nothing. */
const TELLING_NOTHING = new Set(
  'localhost default local node master server agent worker kubernetes harvester rancher rke2 k3s in-cluster'.split(' '),
);

/** Addresses documents may use (RFC 5737, RFC 3849). */
const DOCUMENTS = ['203.0.113', '198.51.100', '192.0.2'] as const;

const IPV4 = /(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w]|\.\d)/g;
const IPV6 = /(?<![\w:.])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?![\w:])/gi;
const HOME = /\/home\/[^/\s'"]+/g;
const URL_HOST = /\b[a-z][a-z0-9+.-]*:\/\/(?:[^\s/@]*@)?([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)/gi;
const IN_CLUSTER = /\.(?:svc|local|internal)$|\.svc\.|^kubernetes\./;

/**
 * `names`: of hosts that are known; those in URLs are found besides. Addresses of private networks stay, for they tell how a network
 * is built and not whose it is.
 */
export function pseudonyms(names: readonly string[]): Pseudonyms {
  const hosts = new Map<string, string>();
  const addresses = new Map<string, string>();
  const known = new Set(names.map((name) => name.toLowerCase()).filter(isTelling));

  function hostNamed(name: string): string {
    const key = name.toLowerCase();
    const other = hosts.get(key) ?? `host-${hosts.size + 1}`;
    hosts.set(key, other);
    return other;
  }
  function addressFor(address: string): string {
    const key = address.toLowerCase();
    const count = addresses.size;
    const kin = DOCUMENTS[Math.floor(count / 254) % DOCUMENTS.length] ?? DOCUMENTS[0];
    const other =
      addresses.get(key) ?? (address.includes(':') ? `2001:db8::${count + 1}` : `${kin}.${(count % 254) + 1}`);
    addresses.set(key, other);
    return other;
  }
  function replaced(text: string): string {
    for (const [, host = ''] of text.matchAll(URL_HOST)) {
      if (isTelling(host) && host.includes('.') && !IN_CLUSTER.test(host)) known.add(host.toLowerCase());
    }
    return withHosts(text, known, hostNamed)
      .replace(IPV4, (one) => (isPublic(one) ? addressFor(one) : one))
      .replace(IPV6, (one) => (isPublic(one) ? addressFor(one) : one))
      .replace(HOME, '/home/user');
  }
  return {
    replaced,
    host: (name) => (isIP(name) !== 0 || name === '' || isEverybodys(name) ? replaced(name) : hostNamed(name)),
    counted: () => ({ hosts: hosts.size, addresses: addresses.size }),
  };
}

function isEverybodys(name: string): boolean {
  return TELLING_NOTHING.has(name.toLowerCase());
}

/** One or two letters would be found in every text. */
function isTelling(name: string): boolean {
  return name.length > 2 && isIP(name) === 0 && !isEverybodys(name) && /^[a-z0-9][a-z0-9._-]*$/i.test(name);
}

/** Longer names first; a name with its domain is the same host. All in one pass, so that no pseudonym is replaced again. */
function withHosts(text: string, known: ReadonlySet<string>, hostNamed: (name: string) => string): string {
  if (known.size === 0) return text;
  const names = [...known].sort((a, b) => b.length - a.length).map((name) => name.replaceAll('.', '\\.'));
  const pattern = new RegExp(`(?<![a-z0-9])(${names.join('|')})(?![a-z0-9])(?:\\.(?=[a-z0-9])[a-z0-9-]+)*`, 'gi');
  return text.replace(pattern, (_, name: string) => hostNamed(name));
}

/** Neither of a private network, nor of one's own machine or link, nor made for documents. */
function isPublic(address: string): boolean {
  return isIP(address) !== 0 && ipaddr.parse(address).range() === 'unicast';
}
