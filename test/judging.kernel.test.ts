import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { command, must } from '../lab/command.ts';
import { downScript } from '../lab/script.ts';
import type { Finding } from '../src/judging/finding.ts';

/** A network of namespaces of which `n` is judged, and a packet that passes, or is lost for the problem named. */
interface Case {
  readonly name: string;
  readonly network: string;
  readonly setup?: string;
  /** Sender, destination, and the address it sends from. */
  readonly ping: readonly [from: string, to: string, source?: string];
  readonly lostBy?: 'bridge-netfilter' | 'ip-forward' | 'rp-filter' | 'forward-policy';
  /** The doctor looks before any packet was sent. */
  readonly unseen?: true;
}

/** `enter NS …` runs a program in a namespace; `link A dev cidr B dev cidr` lays a cable; `port BR dev NS cidr` one to n's bridge. */
const WORDS = `set -e
enter() { ns=$1; shift; ip netns exec "$P-$ns" "$@"; }
set_to() { enter n sh -c "echo $2 > /proc/sys/net/$1"; }
spaces() {
  for ns in "$@"; do
    ip netns add "$P-$ns"
    ip -n "$P-$ns" link set lo up
    enter "$ns" sh -c 'for key in ip_forward conf/all/rp_filter conf/default/rp_filter conf/all/send_redirects conf/default/send_redirects; do echo 0 > /proc/sys/net/ipv4/$key; done'
  done
}
address() { [ "$3" = - ] || ip -n "$P-$1" address add "$3" dev "$2"; }
link() {
  ip -n "$P-$1" link add "$2" type veth peer name "$5" netns "$P-$4"
  ip -n "$P-$1" link set "$2" up; ip -n "$P-$4" link set "$5" up
  address "$1" "$2" "$3"; address "$4" "$5" "$6"
}
bridge() { ip -n "$P-n" link add "$1" up type bridge stp_state 0; address n "$1" "$2"; }
port() { link n "$2" - "$3" eth0 "$4"; ip -n "$P-n" link set "$2" master "$1"; }
route() { ns=$1; shift; ip -n "$P-$ns" route add "$@"; }
`;

const BRIDGE = `spaces n a b
set_to bridge/bridge-nf-call-iptables 1
bridge br0 10.88.0.1/24
port br0 p1 a 10.88.0.11/24
port br0 p2 b 10.88.0.12/24`;
const ROUTER = `spaces n a b
link n e1 10.90.1.1/24 a eth0 10.90.1.2/24
link n e2 10.90.2.1/24 b eth0 10.90.2.2/24
route a default via 10.90.1.1
route b default via 10.90.2.1
set_to ipv4/ip_forward 1`;
const TWO_LINKS = `${ROUTER}
link n e3 10.90.3.1/24 a eth1 10.90.3.2/24`;
/** A machine on two networks, both of them the host's. */
const CONTAINER = `spaces n a
link n eth0 172.17.0.2/16 a v1 172.17.0.1/16
link n eth1 172.18.0.2/16 a v2 172.18.0.1/16
route n default via 172.17.0.1`;
const DROP = 'enter n iptables-legacy -P FORWARD DROP';
const ALL_STRICT = 'set_to ipv4/conf/all/rp_filter 1';

function forwardRules(...lines: string[]): string {
  return [DROP, ...lines.map((line) => `enter n iptables-legacy -A FORWARD ${line}`)].join('\n');
}

function nft(...chain: string[]): string {
  return ["enter n nft -f - <<'END'", 'table inet own {', 'chain own_forward {', ...chain, '}', '}', 'END'].join('\n');
}

const BRIDGED: Pick<Case, 'network' | 'ping'> = { network: BRIDGE, ping: ['a', '10.88.0.12'] };
const ROUTED: Pick<Case, 'network' | 'ping'> = { network: ROUTER, ping: ['a', '10.90.2.2'] };

const CASES: readonly Case[] = [
  { name: 'a bridge and no rules', ...BRIDGED },
  {
    name: 'a bridge whose hosts are accepted by network',
    ...BRIDGED,
    setup: forwardRules('-s 10.88.0.0/24 -j ACCEPT'),
  },
  {
    name: 'a bridge beside rules for Pods elsewhere',
    ...BRIDGED,
    setup: forwardRules('-s 10.42.0.0/16 -j ACCEPT', '-d 10.42.0.0/16 -j ACCEPT'),
    lostBy: 'bridge-netfilter',
  },
  {
    name: 'one host of a bridge dropped by name',
    ...BRIDGED,
    setup: 'enter n iptables-legacy -A FORWARD -s 10.88.0.11/32 -j DROP',
    lostBy: 'bridge-netfilter',
  },
  {
    name: 'a native nft policy on a bridge',
    ...BRIDGED,
    setup: nft('type filter hook forward priority 0; policy drop;'),
    lostBy: 'bridge-netfilter',
  },
  { name: 'a router', ...ROUTED },
  { name: 'a router switched off', ...ROUTED, setup: 'set_to ipv4/ip_forward 0', lostBy: 'ip-forward', unseen: true },
  {
    name: 'a router switched off, and each side on',
    ...ROUTED,
    setup: 'set_to ipv4/ip_forward 0\nset_to ipv4/conf/e1/forwarding 1\nset_to ipv4/conf/e2/forwarding 1',
  },
  {
    name: 'a router and a firewall with a last word of its own',
    ...ROUTED,
    setup: nft('type filter hook forward priority 10; policy accept;', 'ct state established accept', 'reject'),
    lostBy: 'forward-policy',
  },
  { name: 'strict symmetric paths', ...ROUTED, setup: ALL_STRICT },
  {
    name: 'strict links of a client that sends by the other',
    network: TWO_LINKS,
    setup: ALL_STRICT,
    ping: ['a', '10.90.2.2', '10.90.3.2'],
    lostBy: 'rp-filter',
    unseen: true,
  },
  {
    name: 'a strict container on two networks of its host',
    network: CONTAINER,
    setup: ALL_STRICT,
    ping: ['n', '172.18.0.1'],
  },
];

const CLI = fileURLToPath(new URL('../dist/cli.js', import.meta.url));

let up: { prefix: string; state: string } | undefined;
afterEach(async () => {
  if (!up) return;
  const { prefix, state } = up;
  up = undefined;
  await must(['sh'], { stdin: downScript(['n', 'a', 'b'].map((name) => `${prefix}-${name}`)), detached: true });
  await rm(state, { recursive: true, force: true });
});

async function inside(prefix: string, namespace: string, argv: readonly string[], state = '') {
  const env = { ...process.env, HAYWARD_STATE: state };
  return command(['ip', 'netns', 'exec', `${prefix}-${namespace}`, ...argv], { env });
}

async function passes(prefix: string, [from, to, source]: Case['ping']): Promise<boolean> {
  const sent = await inside(prefix, from, ['ping', '-qc', '1', '-W', '1', ...(source ? ['-I', source] : []), to]);
  if (sent.exitCode === null || sent.exitCode > 1) throw new Error(`cannot ping: ${sent.stderr}`);
  return sent.exitCode === 0;
}

async function problems(prefix: string, state: string): Promise<{ found: string[]; exit: number | null }> {
  const only = 'bridge-netfilter,ip-forward,rp-filter,forward-policy';
  const { stdout, exitCode } = await inside(
    prefix,
    'n',
    [process.execPath, CLI, 'doctor', '--json', '--only', only],
    state,
  );
  const { findings } = JSON.parse(stdout) as { findings: Finding[] };
  const found = findings.filter(({ status }) => status === 'problem').map(({ problem }) => problem);
  return { found: [...new Set(found)], exit: exitCode };
}

describe('the doctor says what a real packet says', () => {
  it.each(CASES.map((one) => [one.name, one] as const))('%s', async (_, { network, setup, ping, lostBy, unseen }) => {
    const here = {
      prefix: `hw-adv-${randomBytes(3).toString('hex')}`,
      state: await mkdtemp(join(tmpdir(), 'hayward-')),
    };
    up = here;
    const script = [`P=${here.prefix}`, WORDS, network, setup ?? '', ''].join('\n');
    await must(['sh'], { stdin: script, detached: true });
    const before = unseen ? undefined : await passes(here.prefix, ping);
    const { found, exit } = await problems(here.prefix, here.state);
    expect(before ?? (await passes(here.prefix, ping)), 'the packet passes').toBe(lostBy === undefined);
    expect(found).toEqual(lostBy === undefined ? [] : [lostBy]);
    expect(exit).toBe(lostBy === undefined ? 0 : 1);
  });
});
