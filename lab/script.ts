import type { NodeSpec, Topology } from './topology.ts';

export interface ScriptOptions {
  /** The namespace of a node; undefined for the one node that is the machine itself (in a machine of one's own). */
  readonly namespaceOf: (node: string) => string | undefined;
  /** The program that answers on ports; absent where the topology has none. */
  readonly node?: string;
}

/**
 * The shell script that builds a topology: batches of `ip`, so that a dozen processes do the work of a hundred. Nodes
 * come with their settings before any link, links with their addresses, then routes, rules and the rest. A node that
 * is the machine itself keeps the settings its own boot gave it.
 */
export function upScript(topology: Topology, options: ScriptOptions): string {
  const named = topology.nodes.flatMap((node) => options.namespaceOf(node.name) ?? []);
  return [
    'set -e',
    batch(
      'ip',
      named.map((namespace) => `netns add ${namespace}`),
    ),
    ...topology.nodes.map((node) => settings(node, options)),
    ...topology.nodes.map((node) => cablesFrom(node.name, topology, options)),
    ...topology.nodes.map((node) => batch(ipIn(node.name, options), linkLines(node.name, topology))),
    ...topology.nodes.map((node) =>
      batch(
        ipIn(node.name, options),
        (node.routes ?? []).map((route) => `route add ${route}`),
      ),
    ),
    ...topology.nodes.map((node) => rulesAndRest(node, options)),
    '',
  ]
    .filter((part, index, parts) => part !== '' || index === parts.length - 1)
    .join('\n');
}

function batch(ip: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : `${ip} -batch - <<'END'\n${lines.join('\n')}\nEND`;
}

function ipIn(node: string, { namespaceOf }: ScriptOptions): string {
  const namespace = namespaceOf(node);
  return namespace === undefined ? 'ip' : `ip -n ${namespace}`;
}

/** What runs a program in a node. */
function inside(node: string, { namespaceOf }: ScriptOptions): string {
  const namespace = namespaceOf(node);
  return namespace === undefined ? '' : `ip netns exec ${namespace} `;
}

function settings(node: NodeSpec, options: ScriptOptions): string {
  if (options.namespaceOf(node.name) === undefined) return '';
  const lines = Object.entries(node.settings ?? {}).map(([key, value]) => `echo ${value} > /proc/sys/${key}`);
  return lines.length === 0 ? '' : shell(node.name, ['set -e', ...lines], options);
}

function shell(node: string, lines: readonly string[], options: ScriptOptions): string {
  return `${inside(node, options)}sh <<'END'\n${lines.join('\n')}\nEND`;
}

/**
 * The cables whose first end is in a node, laid from there: kernels before 6.2 look for a name that is taken where
 * the request comes from, not where the link goes, and the machine underneath surely has an eth0.
 */
function cablesFrom(node: string, topology: Topology, options: ScriptOptions): string {
  const lines = topology.cables
    .filter(([one]) => one.node === node)
    .map(([one, other]) => {
      const namespace = options.namespaceOf(other.node);
      const there = namespace === undefined ? 'netns 1' : `netns ${namespace}`;
      return `link add ${one.link} type veth peer name ${other.link} ${there}`;
    });
  return batch(ipIn(node, options), lines);
}

function linkLines(node: string, topology: Topology): string[] {
  const bridges = (topology.bridges ?? []).filter((bridge) => bridge.node === node);
  const ends = topology.cables.flat().filter((end) => end.node === node);
  return [
    'link set lo up',
    ...bridges.map(({ name }) => `link add ${name} up type bridge stp_state 0`),
    ...ends.map(({ link, bridge }) => `link set ${link} ${bridge === undefined ? '' : `master ${bridge} `}up`),
    ...[...bridges.map((bridge) => ({ ...bridge, link: bridge.name })), ...ends].flatMap(({ link, addresses }) =>
      (addresses ?? []).map((address) => `address add ${address} dev ${link}`),
    ),
  ];
}

function rulesAndRest(node: NodeSpec, options: ScriptOptions): string {
  const parts: string[] = [];
  if (node.rules !== undefined) parts.push(`${inside(node.name, options)}iptables-restore <<'END'\n${node.rules}END`);
  if (node.commands !== undefined) parts.push(shell(node.name, ['set -e', ...node.commands], options));
  if (node.answersOn !== undefined && options.node !== undefined) parts.push(answer(node, node.answersOn, options));
  return parts.join('\n');
}

/** A server in the background, up when the script ends. */
function answer(node: NodeSpec, port: number, options: ScriptOptions): string {
  const program = `require("net").createServer((peer) => peer.on("error", () => {}).end("${node.name}")).listen(${port})`;
  const into = inside(node.name, options);
  return [
    `${into}${options.node} -e '${program}' </dev/null >/dev/null 2>&1 &`,
    `until ${into}ss -Hltn sport = :${port} | grep -q .; do sleep 0.05; done`,
  ].join('\n');
}

/** The script that removes namespaces and ends what still runs in them; succeeds when there is nothing left. */
export function downScript(namespaces: readonly string[]): string {
  return namespaces
    .map(
      (name) =>
        `for pid in $(ip netns pids ${name} 2>/dev/null); do kill -9 "$pid"; done\nip netns del ${name} 2>/dev/null`,
    )
    .concat('true', '')
    .join('\n');
}
