import { type ActingHost, HostError } from '../hosts/host.ts';
import { ipObjects, textIn } from '../snapshot/fields.ts';
import type { Link } from '../snapshot/links.ts';

/**
 * Looks for SSH_CONNECTION in the environment of this process and of those above it: sudo takes it out of ours. Prints
 * the client's address, or nothing.
 */
const FIND_CLIENT = `p=$$
while [ "\${p:-0}" -gt 1 ]; do
  c=$(tr '\\0' '\\n' 2>/dev/null <"/proc/$p/environ" | sed -n 's/^SSH_CONNECTION=\\([^ ]*\\).*/\\1/p')
  if [ -n "$c" ]; then printf '%s\\n' "$c"; exit 0; fi
  p=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$p/status")
done`;

/**
 * The interfaces that carry the present ssh session of this host: the one its client is routed through, and those that
 * lie above and below it (a bridge's ports, a VLAN's parent). Empty when there is no such session; undefined
 * when there may be one and its way cannot be told.
 */
export async function sessionLinks(host: ActingHost, links: readonly Link[]): Promise<readonly string[] | undefined> {
  try {
    const found = await host.run(['sh', '-c', FIND_CLIENT]);
    if (found.failed) return undefined;
    const client = found.stdout.trim();
    if (client === '') return host.via === 'ssh' ? undefined : [];
    if (!/^[0-9A-Fa-f.:]+(%[^\s]+)?$/.test(client)) return undefined;
    const route = await host.run(['ip', '-j', 'route', 'get', client.replace(/%.*$/, '')]);
    const device = route.failed ? undefined : deviceOf(route.stdout);
    return device === undefined ? undefined : together(device, links);
  } catch (error) {
    if (error instanceof HostError) return undefined;
    throw error;
  }
}

function deviceOf(json: string): string | undefined {
  try {
    const [route] = ipObjects(json);
    return route && textIn(route, 'dev');
  } catch {
    return undefined;
  }
}

/** Everything a frame of the device may pass: its master, its lower device, its ports, and theirs. */
function together(device: string, links: readonly Link[]): readonly string[] {
  const found = new Set([device]);
  for (const name of found) for (const other of neighboursOf(name, links)) found.add(other);
  return [...found];
}

function neighboursOf(name: string, links: readonly Link[]): string[] {
  return links.flatMap((link) => {
    if (link.name === name) return [link.master, link.lower].filter((other) => other !== undefined);
    return link.master === name ? [link.name] : [];
  });
}
