import { type ActingHost, HostError } from '../hosts/host.ts';
import { ipObjects, textIn } from '../snapshot/fields.ts';
import type { Link } from '../snapshot/links.ts';

/**
 * Looks for SSH_CONNECTION in the environment of this process and of those above it: sudo takes it out of ours. Prints
 * the addresses of client and server; `?` where a server of ssh is above us and says nothing of the two (`env -i` on the
 * way); nothing where there is none.
 */
const FIND_CONNECTION = `p=$$
while [ "\${p:-0}" -gt 1 ]; do
  c=$(tr '\\0' '\\n' 2>/dev/null <"/proc/$p/environ" | sed -n 's/^SSH_CONNECTION=\\([^ ]*\\) [^ ]* \\([^ ]*\\) .*/\\1 \\2/p')
  if [ -n "$c" ]; then printf '%s\\n' "$c"; exit 0; fi
  case $(sed -n 's/^Name:[[:space:]]*//p' "/proc/$p/status") in sshd*|dropbear) echo '?'; exit 0;; esac
  p=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$p/status")
done`;

/**
 * The interfaces that carry the present ssh session of this host: the one its client is routed through, the one that has
 * the address it came to, and those that lie above and below them (a bridge's ports, a VLAN's parent). Empty when
 * there is no such session; undefined when there may be one and its way cannot be told.
 */
export async function sessionLinks(host: ActingHost, links: readonly Link[]): Promise<readonly string[] | undefined> {
  try {
    const found = await host.run(['sh', '-c', FIND_CONNECTION]);
    if (found.failed) return undefined;
    const connection = found.stdout.trim();
    if (connection === '') return host.via === 'ssh' ? undefined : [];
    const [client, server] = connection.split(' ').map(addressIn);
    if (client === undefined || server === undefined) return undefined;
    const out = await deviceOf(host, ['ip', '-j', 'route', 'get', client]);
    const into = await deviceOf(host, ['ip', '-j', 'address', 'show', 'to', server]);
    return out === undefined || into === undefined ? undefined : together([out, into], links);
  } catch (error) {
    if (error instanceof HostError) return undefined;
    throw error;
  }
}

/** An address without its zone; undefined where a word is none. */
function addressIn(word: string): string | undefined {
  return /^([0-9A-Fa-f.:]+)(?:%\S+)?$/.exec(word)?.[1];
}

/** The device that the first object of iproute2's answer names. */
async function deviceOf(host: ActingHost, argv: readonly string[]): Promise<string | undefined> {
  const { failed, stdout } = await host.run(argv);
  if (failed) return undefined;
  try {
    const [first] = ipObjects(stdout);
    return first && (textIn(first, 'dev') ?? textIn(first, 'ifname'));
  } catch {
    return undefined;
  }
}

/** Everything a frame of the devices may pass: their masters, their lower devices, their ports, and theirs. */
function together(devices: readonly string[], links: readonly Link[]): readonly string[] {
  const found = new Set(devices);
  for (const name of found) for (const other of neighboursOf(name, links)) found.add(other);
  return [...found];
}

function neighboursOf(name: string, links: readonly Link[]): string[] {
  return links.flatMap((link) => {
    if (link.name === name) return [link.master, link.lower].filter((other) => other !== undefined);
    return link.master === name ? [link.name] : [];
  });
}
