import type { Answer } from './asks.ts';
import type { Attachment } from './attachment.ts';
import type { Condition, NodeReport, ProbeResult } from './model.ts';
import type { Plan } from './plan.ts';

/** What Harvester's annotation can say. */
export type Connectivity = 'true' | 'false' | 'DHCP failed';

/** What the nodes together say of a network. */
export interface Truth {
  readonly connected: Pick<Condition, 'status' | 'reason' | 'message'>;
  /** Undefined where nobody knows. */
  readonly connectivity: Connectivity | undefined;
  /** As the nodes found or were given them; undefined where they found none, or contradict each other. */
  readonly cidr: string | undefined;
  readonly gateway: string | undefined;
  readonly nodes: readonly NodeReport[];
}

export interface NodeAnswer {
  readonly node: string;
  readonly answer: Answer;
}

type Active = NodeReport & { readonly result: ProbeResult };

/** Judges a network by what its nodes answered. */
export function truthOf(attachment: Attachment, plan: Plan, answers: readonly NodeAnswer[]): Truth {
  if (plan.kind === 'not-probed') return unknown('NotProbed', plan.message, []);
  const isServed = attachment.route.kind === 'read' || answers.some(isOffered);
  const reports = answers.map((one) => reportOf(one, isServed));
  const nodes = reports.map(({ result: _, ...report }) => report);
  if (reports.length === 0) return unknown('NoNode', `no node has the cluster network ${plan.clusterNetwork}`, nodes);
  const active = reports.filter((one): one is Active => one.state === 'active' && one.result !== undefined);
  const inactive = reports.filter(({ state }) => state === 'inactive');
  const ground = { ...(givenIn(plan) ?? addressesOf(active, attachment)), nodes };
  if (inactive[0]) {
    const reason = camelCase(inactive[0].reason);
    const connectivity = connectivityOf(attachment, active, inactive);
    return { ...ground, connected: { status: 'False', reason, message: differing(inactive, active) }, connectivity };
  }
  const [first] = active;
  if (!first) return { ...unknownFrom(nodes, answers), ...ground };
  if (ground.contradiction !== undefined) {
    const connected = { status: 'False', reason: 'NodesDiffer', message: ground.contradiction } as const;
    return { ...ground, connected, connectivity: 'false' };
  }
  const silent = nodes.filter(({ state }) => state === 'unknown');
  const reason = silent.length > 0 ? 'ConnectedWhereSeen' : 'Connected';
  const message = [...silent, ...active.filter(({ reason: why }) => why === 'no-route')].map(sentence).join('; ');
  return { ...ground, connected: { status: 'True', reason, message }, connectivity: 'true' };
}

function unknown(reason: string, message: string, nodes: readonly NodeReport[]): Truth {
  const connected = { status: 'Unknown', reason, message } as const;
  return { connected, connectivity: undefined, cidr: undefined, gateway: undefined, nodes };
}

function unknownFrom(nodes: readonly NodeReport[], answers: readonly NodeAnswer[]): Truth {
  const isPending = answers.some(({ answer }) => answer.kind === 'pending');
  const told = nodes.find(({ reason }) => reason !== 'no-answer');
  const reason = isPending ? 'Probing' : camelCase(told?.reason ?? 'no-answer');
  return unknown(reason, nodes.map(sentence).join('; '), nodes);
}

function reportOf({ node, answer }: NodeAnswer, isServed: boolean): NodeReport & { result?: ProbeResult } {
  const base = { name: node, state: 'unknown', reason: 'no-answer' } as const;
  if (answer.kind === 'pending') return { ...base, message: 'not answered yet' };
  if (answer.kind === 'silent') return { ...base, message: 'no agent answers there' };
  const { result } = answer;
  const { state, reason, message, at } = result;
  const told = { name: node, reason, message, at, result };
  if (isServed || !isSilence(result)) return { ...told, state };
  return { ...told, state: 'unknown', message: 'no DHCP offer, and nothing says that there is a DHCP server' };
}

/**
 * Where there is no annotation and no node has an offer nobody ever said that there is DHCP. Offers that came as far as the node and
 * were lost there say it.
 */
function isSilence({ reason, side }: ProbeResult): boolean {
  return reason === 'dhcp-silent' && side !== 'node';
}

function isOffered({ answer }: NodeAnswer): boolean {
  return answer.kind === 'answered' && answer.result.cidr !== undefined;
}

interface Addresses {
  readonly cidr: string | undefined;
  readonly gateway: string | undefined;
  /** In one sentence, where nodes find different networks: one of them is plugged into another VLAN. */
  readonly contradiction: string | undefined;
}

/** What the user gave is not found: it stands, whatever is seen. */
function givenIn({ probe }: Extract<Plan, { kind: 'probe' }>): Addresses | undefined {
  const { cidr, gateway } = probe;
  return cidr === undefined ? undefined : { cidr, gateway, contradiction: undefined };
}

function addressesOf(active: readonly Active[], { route }: Attachment): Addresses {
  const [first] = active;
  const other = active.find(({ result }) => result.cidr !== first?.result.cidr);
  if (first && other) {
    const contradiction = [first, other].map(({ name, result }) => `${name} finds ${result.cidr ?? 'no network'}`);
    return { cidr: undefined, gateway: undefined, contradiction: contradiction.join('; ') };
  }
  // Two servers may tell two gateways: the one that stands already is as good as the other.
  const stands = route.kind === 'read' ? route.route.gateway : '';
  const one = active.find(({ result }) => result.gateway === stands) ?? first;
  return { cidr: one?.result.cidr, gateway: one?.result.gateway, contradiction: undefined };
}

/** "DHCP failed" is for DHCP that fails everywhere; one miscabled node among others is no fault of the server's. */
function connectivityOf(
  { route }: Attachment,
  active: readonly unknown[],
  inactive: readonly NodeReport[],
): Connectivity {
  const isAuto = route.kind === 'read' && route.route.mode === 'auto';
  const isDhcp = inactive.every(({ reason }) => reason === 'dhcp-silent' || reason === 'dhcp-nak');
  return isAuto && isDhcp && active.length === 0 ? 'DHCP failed' : 'false';
}

const NODES_NAMED = 10;

/** The nodes that are not connected, each with its reason; then those that are. */
function differing(inactive: readonly NodeReport[], active: readonly NodeReport[]): string {
  const named = inactive.slice(0, NODES_NAMED).map(sentence);
  const more = inactive.length > NODES_NAMED ? [`and ${inactive.length - NODES_NAMED} more`] : [];
  const fine = active.slice(0, NODES_NAMED).map(({ name }) => name);
  const others = active.length > NODES_NAMED ? `${active.length} nodes` : fine.join(', ');
  return [...named, ...more, ...(active.length > 0 ? [`connected on ${others}`] : [])].join('; ');
}

function sentence({ name, reason, message }: NodeReport): string {
  return message === '' ? `${name}: ${reason}` : `${name}: ${reason}, ${message}`;
}

/** A reason as conditions have them: `dhcp-silent` becomes `DhcpSilent`. */
function camelCase(reason: string): string {
  return reason.replace(/(^|-)([a-z])/g, (_, _dash, letter: string) => letter.toUpperCase());
}
