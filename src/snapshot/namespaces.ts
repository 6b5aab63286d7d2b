import type { Ask } from '../hosts/ask.ts';
import type { CaptureView } from '../hosts/capture.ts';
import { known, type Reading, unknown } from '../hosts/reading.ts';
import { canonical } from '../leases/listing.ts';
import type { ForeignNamespace, Shim } from '../leases/model.ts';
import { subject } from './subject.ts';

/** What the kernel says of who lives in other network namespaces. */
export interface Namespaces {
  readonly foreign: Reading<readonly ForeignNamespace[]>;
  readonly shims: Reading<readonly Shim[]>;
  /**
   * When files were made that systemd makes once, as it starts: epoch seconds by the clock of that moment. Empty where
   * it is not the init.
   */
  readonly startMarks: Reading<readonly number[]>;
}

/**
 * One look at /proc and /run/netns by a POSIX shell, in a dozen processes whatever the number of Pods:
 * `self DEVICE INODE`, `pid PID INODE` (-PID where the kernel does not let us know), `netns DEVICE INODE PATH`,
 * `looked PID` with `v4 PID ADDRESS` and `v6 PID HEX` (/proc/PID/net shows the namespace of that process), for namespaces
 * without a process `entered INODE` with `inner INODE ADDRESS/LENGTH`, `shim PID ARGUMENTS`, `started SECONDS`.
 * Only processes in our own network namespace count as shims: a runtime's run in the host's.
 */
const SCRIPT = String.raw`self=$(stat -L -c '%d %i' /proc/self/ns/net) || exit 1
echo "self $self"; own=${'$'}{self#* }
links=$(ls -ln /proc/[0-9]*/ns/net 2>&1)
pids=$(printf '%s\n' "$links" | sed -n 's|.* /proc/\([0-9]*\)/ns/net -> net:\[\([0-9]*\)\]$|pid \1 \2|p; s|.*/proc/\([0-9]*\)/ns/net.*ermission denied.*|pid \1 -\1|p')
printf '%s\n' "$pids"
bound=$(stat -L -c '%d %i %n' /run/netns/* 2>/dev/null | grep '^[0-9]* [0-9]* /run/netns/[A-Za-z0-9_.-]*$')
[ -z "$bound" ] || printf '%s\n' "$bound" | sed 's/^/netns /'
one=$(printf '%s\n' "$pids" | sort -u -k3,3 | grep -v " $own$" | sed -n 's/^pid \([0-9]*\) .*/\1/p')
v4= v6= dev=
for p in $one; do v4="$v4 /proc/$p/net/fib_trie" v6="$v6 /proc/$p/net/if_inet6" dev="$dev /proc/$p/net/dev"; done
if [ -n "$one" ]; then
  grep -c '' $dev /dev/null 2>/dev/null | sed -n 's|^/proc/\([0-9]*\)/net/dev:[1-9].*|looked \1|p'
  grep -B1 '/32 host LOCAL' $v4 /dev/null 2>/dev/null | sed -n 's,^/proc/\([0-9]*\)/net/fib_trie-.*|-- \([0-9.]*\)$,v4 \1 \2,p' | sort -u
  grep -v ' lo$' $v6 /dev/null 2>/dev/null | sed -n 's|^/proc/\([0-9]*\)/net/if_inet6:\([0-9a-f]\{32\}\) .*|v6 \1 \2|p'
fi
seen=" $(printf '%s\n' "$pids" | sed 's/.* //' | sort -u | tr '\n' ' ')"
printf '%s\n' "$bound" | while read -r d i f; do
  [ -n "$f" ] && [ "$d" = "${'$'}{self% *}" ] || continue
  case $seen in *" $i "*) continue;; esac
  a=$(ip -n "${'$'}{f##*/}" -o addr show 2>/dev/null) || continue
  echo "entered $i"
  printf '%s\n' "$a" | sed -n "/^[0-9]*: lo /d; s/^[0-9]*: [^ ]* *inet6* \([^ ]*\) .*/inner $i \1/p"
done
for c in $(grep -alE '^(containerd-shim|conmon)' /proc/[0-9]*/comm 2>/dev/null); do
  p=${'$'}{c#/proc/}; p=${'$'}{p%/comm}
  case "$pids" in *"pid $p $own"*) ;; *) continue;; esac
  printf '\nshim %s ' "$p"; tr '\0\n' '  ' <"/proc/$p/cmdline"
done 2>/dev/null
echo
for f in /run/systemd/notify /run/systemd/private; do stat -c 'started %Y' "$f" 2>/dev/null; done
exit 0`;

export const NAMESPACES_SOURCE = 'hayward:namespaces';
const ASK: Extract<Ask, { kind: 'run' }> = {
  kind: 'run',
  argv: ['sh', '-c', SCRIPT],
  timeoutMs: 20_000,
  as: NAMESPACES_SOURCE,
};

/** Loopback, and IPv6's link-local, which every interface has. */
const OF_NO_INTEREST = /^(127\.|fe[89ab]|::1$)/;

interface Seen {
  self: string;
  inode: string;
  readonly pids: [pid: string, inode: string][];
  readonly bound: { device: string; inode: string; path: string }[];
  /** Addresses by a process's id (`p…`) or an inode (`i…`): there when it was looked at. */
  readonly addresses: Map<string, string[]>;
  readonly shims: Shim[];
  readonly started: number[];
}

function seenIn(text: string): Seen {
  const seen: Seen = {
    self: '',
    inode: '',
    pids: [],
    bound: [],
    addresses: new Map(),
    shims: [],
    started: [],
  };
  for (const line of text.split('\n')) readLine(line.split(' '), seen);
  return seen;
}

function readLine([kind, a = '', b = '', ...rest]: readonly string[], seen: Seen): void {
  switch (kind) {
    case 'self':
      seen.self = a;
      seen.inode = b;
      return;
    case 'pid':
      seen.pids.push([a, b]);
      return;
    case 'netns':
      seen.bound.push({ device: a, inode: b, path: rest.join(' ') });
      return;
    case 'shim':
      seen.shims.push(shimFrom(Number(a), [b, ...rest]));
      return;
    case 'started':
      seen.started.push(Number(a));
      return;
    default:
      readAddress(kind ?? '', a, b, seen.addresses);
  }
}

function readAddress(kind: string, where: string, address: string, addresses: Seen['addresses']): void {
  if (kind === 'looked') addresses.set(`p${where}`, []);
  else if (kind === 'entered') addresses.set(`i${where}`, []);
  else if (kind === 'v4') put(addresses.get(`p${where}`), address);
  else if (kind === 'v6') put(addresses.get(`p${where}`), address.replace(/(.{4})(?!$)/g, '$1:'));
  else if (kind === 'inner') put(addresses.get(`i${where}`), address.split('/', 1)[0] ?? '');
}

function put(list: string[] | undefined, address: string): void {
  const one = canonical(address);
  if (one !== undefined && !OF_NO_INTEREST.test(one) && !list?.includes(one)) list?.push(one);
}

/** containerd-shim-runc-v2 is started with `-namespace NS -id SANDBOX -address SOCKET`. */
function shimFrom(pid: number, words: readonly string[]): Shim {
  const id = words[words.indexOf('-id') + 1] ?? '';
  return words.includes('-id') && /^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(id) ? { pid, containerId: id } : { pid };
}

function foreignIn({ self, inode, pids, bound, addresses }: Seen): ForeignNamespace[] {
  const found = new Map<string, { pids: number[]; path?: string }>();
  for (const [pid, at] of pids) {
    if (at === inode) continue;
    const one = found.get(at) ?? { pids: [] };
    one.pids.push(Number(pid));
    found.set(at, one);
  }
  // A name under /run/netns that nothing is mounted on (another device) is a leftover file and no namespace.
  for (const { device, inode: at, path } of bound) {
    if (device !== self || at === inode) continue;
    found.set(at, { ...(found.get(at) ?? { pids: [] }), path });
  }
  return [...found].map(([at, one]) => {
    const looked = one.pids.map((pid) => addresses.get(`p${pid}`)).find((list) => list !== undefined);
    const list = looked ?? addresses.get(`i${at}`);
    return { inode: Number(at), ...one, ...(list && { addresses: list }) };
  });
}

/** Everything from one answer, each unknown for the reason the answer is. */
export function namespacesOf(view: CaptureView): Namespaces {
  const text = view.text(NAMESPACES_SOURCE);
  if (!text.known) return { foreign: text, shims: text, startMarks: text };
  const seen = seenIn(text.value);
  const startMarks = known(seen.started.filter(Number.isFinite), '/run/systemd');
  const trouble = troubleIn(seen);
  if (trouble) return { foreign: trouble, shims: trouble, startMarks };
  return { foreign: known(foreignIn(seen), '/proc/*/ns/net'), shims: known(seen.shims, '/proc/*/cmdline'), startMarks };
}

function troubleIn({ inode, pids }: Seen): Reading<never> | undefined {
  const seen = inode !== '' && pids.length > 0;
  return seen ? undefined : unknown('failed', '/proc/*/ns/net', 'no process could be looked at');
}

export const namespaces = subject<Namespaces>({ asks: [ASK], parse: namespacesOf });
