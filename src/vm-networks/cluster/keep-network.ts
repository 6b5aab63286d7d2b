import { type Ask, answerTo, askedAgain, nextAsk, type Schedule, wakeOf } from './asks.ts';
import type { Attachment } from './attachment.ts';
import {
  type Condition,
  FIELD_MANAGER,
  type NodeReport,
  type ProbeResult,
  type VmNetworkReport,
  type WantedProbe,
} from './model.ts';
import { type Plan, planOf } from './plan.ts';
import {
  type DefaultRoute,
  decideRoute,
  NO_ROUTE_MEMORY,
  type RouteMemory,
  type RouteWrite,
  signText,
} from './route-writing.ts';
import { type NodeAnswer, type Truth, truthOf } from './truth.ts';

export interface Settings extends Schedule {
  readonly defaultRoute: DefaultRoute;
}

/** What a leader remembers of one network. What must outlive it is read back from its VMNetwork and the nodes' asks. */
export interface NetworkMemory {
  /** Of the object it is about: another of the same name is another network, but for what its nodes are asked. */
  readonly uid: string;
  readonly asks: ReadonlyMap<string, Ask>;
  readonly route: RouteMemory;
  /** How the annotation's mode stood; another one, of somebody else's making, is asked about at once. */
  readonly mode: string;
  /** Since when some nodes' answers to what is asked now are outstanding, and since when others answered. ms */
  readonly pendingSinceMs: number | undefined;
  readonly partlySinceMs: number | undefined;
  /** The report as the API server has it. */
  readonly reported: VmNetworkReport | undefined;
}

export interface NetworkSeen {
  readonly attachment: Attachment;
  /** The nodes that have its cluster network, in their order. */
  readonly nodes: readonly string[];
  /** What a node was asked, and its last answer, as the API server has them. */
  readonly askedOf: (node: string) => WantedProbe | undefined;
  readonly resultOf: (node: string) => ProbeResult | undefined;
  /** Undefined the first time a leader looks at it. */
  readonly memory: NetworkMemory | undefined;
  /** Its VMNetwork, which is looked at the first time only. */
  readonly report: VmNetworkReport | undefined;
}

export interface Moment {
  /** For waiting: never goes back. */
  readonly ms: number;
  /** For people: RFC 3339. */
  readonly text: string;
}

export interface NetworkOutcome {
  readonly memory: NetworkMemory;
  readonly wanted: ReadonlyMap<string, WantedProbe>;
  /** To write first, if there is one: then this is asked anew before the report is written. */
  readonly route: RouteWrite | undefined;
  /** To write, where it differs from what is reported. */
  readonly report: VmNetworkReport | undefined;
  /** When to ask this again, if nothing happens before. */
  readonly wakeAtMs: number;
}

/** Answers scatter: so long the other nodes are waited for once one has answered, so that a report is mostly written once. */
const PARTLY_MS = 300;
/** So long a new network is left without a report, for a probe without DHCP takes about as long. */
const PENDING_MS = 15_000;

/** One look at one network: what to ask, what to write, when to look again. Pure. */
export function keepNetwork(seen: NetworkSeen, settings: Settings, now: Moment): NetworkOutcome {
  const { attachment } = seen;
  const before = rememberedOf(seen);
  const plan = planOf(attachment);
  const asks = stirred(asksFor(seen, before, plan, settings, now.ms), seen, before, now.ms);
  const answers = [...asks].map(
    ([node, ask]): NodeAnswer => ({ node, answer: answerTo(ask, seen.resultOf(node), now.ms) }),
  );
  const truth = truthOf(attachment, plan, answers);
  const wait = waitFor(before, answers, isKnown(before.reported, attachment), now.ms);
  const isEarly = now.ms < wait.untilMs;
  const route = decideRoute(attachment, isEarly ? { ...truth, connectivity: undefined } : truth, {
    memory: before.route,
    defaultRoute: settings.defaultRoute,
    nowMs: now.ms,
  });
  const memory = {
    ...before,
    asks,
    mode: modeOf(attachment),
    route: route.memory,
    pendingSinceMs: wait.pendingSinceMs,
    partlySinceMs: wait.partlySinceMs,
  };
  const report = reportFor(attachment, truth, route.agrees, before.reported, now.text);
  const isMoved = before.reported !== undefined && !isSameNetwork(before.reported, report);
  const isDue = !isEarly || (isMoved && wait.partlySinceMs === undefined);
  const wakes = [...asks.values()].map((ask) => wakeOf(ask, now.ms));
  const retry = memory.route.trouble?.untilMs ?? Number.POSITIVE_INFINITY;
  return {
    memory,
    wanted: plan.kind === 'probe' ? wantedFrom(plan, asks) : new Map(),
    route: route.write,
    report: isDue && !isSameReport(before.reported, report) ? report : undefined,
    wakeAtMs: Math.min(
      ...wakes,
      isEarly ? wait.untilMs : Number.POSITIVE_INFINITY,
      retry > now.ms ? retry : Number.POSITIVE_INFINITY,
    ),
  };
}

function rememberedOf(seen: NetworkSeen): NetworkMemory {
  const { memory, attachment } = seen;
  if (memory?.uid === attachment.uid) return memory;
  return memory ? { ...recalled({ ...seen, report: undefined }), asks: memory.asks } : recalled(seen);
}

/** What a leader before us knew, as far as its report tells: what it brought the annotation in line with. */
function recalled({ attachment, report }: NetworkSeen): NetworkMemory {
  const ground = {
    uid: attachment.uid,
    asks: new Map(),
    mode: modeOf(attachment),
    pendingSinceMs: undefined,
    partlySinceMs: undefined,
    reported: report,
  };
  const [connected, agrees] = (['Connected', 'HarvesterAgrees'] as const).map((type) =>
    report?.conditions.find((one) => one.type === type),
  );
  const isOpen = agrees === undefined || agrees.reason === 'RouteMissing' || agrees.reason === 'NotWritten';
  if (!report || isOpen || !connected || connected.status === 'Unknown') return { ...ground, route: NO_ROUTE_MEMORY };
  const { route } = attachment;
  const isAuto = route.kind === 'read' && route.route.mode === 'auto';
  const isDhcp = isAuto && (connected.reason === 'DhcpSilent' || connected.reason === 'DhcpNak');
  const isAnyActive = report.nodes.some(({ state }) => state === 'active');
  const failed = isDhcp && !isAnyActive ? ('DHCP failed' as const) : ('false' as const);
  const settled = signText({
    connectivity: connected.status === 'True' ? 'true' : failed,
    cidr: report.cidr || undefined,
    gateway: report.gateway || undefined,
    clusterNetwork: report.clusterNetwork,
    vlan: report.vlan,
    isManual: route.kind === 'read' && !isAuto,
  });
  return { ...ground, route: { ...NO_ROUTE_MEMORY, settled } };
}

function modeOf({ route }: Attachment): string {
  return route.kind === 'read' ? route.route.mode : route.kind;
}

function asksFor(
  { attachment, nodes, askedOf, resultOf }: NetworkSeen,
  before: NetworkMemory,
  plan: Plan,
  schedule: Schedule,
  nowMs: number,
): ReadonlyMap<string, Ask> {
  if (plan.kind === 'not-probed') return new Map();
  const anew = modeOf(attachment) !== before.mode && !attachment.routeWriters.includes(FIELD_MANAGER);
  const { probe } = plan;
  return new Map(
    nodes.map((node) => {
      const seen = { probe, anew, asked: askedOf(node), result: resultOf(node), spread: attachment.key };
      return [node, nextAsk({ ...seen, before: before.asks.get(node) }, schedule, nowMs)];
    }),
  );
}

/**
 * Where a node's new answer is another than what is reported of it, the others that still say what is reported are asked again at
 * once: they were asked at other times, and what came to all would look for a while as if it had come to one.
 */
function stirred(
  asks: ReadonlyMap<string, Ask>,
  { resultOf }: NetworkSeen,
  before: NetworkMemory,
  nowMs: number,
): ReadonlyMap<string, Ask> {
  const said = new Map(before.reported?.nodes.map(({ name, state }) => [name, state]));
  const isAsReported = (node: string): boolean => !said.has(node) || said.get(node) === resultOf(node)?.state;
  const news = [...asks].filter(
    ([node, { dueAtMs }]) =>
      dueAtMs !== undefined && before.asks.get(node)?.dueAtMs === undefined && !isAsReported(node),
  );
  const since = Math.max(...news.map(([, { askedAtMs }]) => askedAtMs));
  return new Map(
    [...asks].map(([node, ask]) => {
      const isToAsk = ask.dueAtMs !== undefined && ask.askedAtMs < since && isAsReported(node);
      return [node, isToAsk ? askedAgain(ask, nowMs) : ask];
    }),
  );
}

function wantedFrom({ probe }: Extract<Plan, { kind: 'probe' }>, asks: ReadonlyMap<string, Ask>) {
  return new Map([...asks].map(([node, { ask }]): [string, WantedProbe] => [node, { ...probe, ask }]));
}

function isKnown(reported: VmNetworkReport | undefined, attachment: Attachment): boolean {
  const connected = reported?.conditions.find(({ type }) => type === 'Connected');
  return reported !== undefined && isSameNetwork(reported, groundOf(attachment)) && connected?.status !== 'Unknown';
}

interface Wait {
  readonly pendingSinceMs: number | undefined;
  readonly partlySinceMs: number | undefined;
  readonly untilMs: number;
}

/**
 * Until when nothing is said, for answers are still to come. Where nothing is known yet, what some nodes say is soon said; what would
 * change what is known waits for all to say the same or not.
 */
function waitFor(before: NetworkMemory, answers: readonly NodeAnswer[], isKnown: boolean, nowMs: number): Wait {
  const isWaitedFor = answers.some(
    ({ answer }) => answer.kind === 'pending' || (answer.kind === 'answered' && answer.isOld),
  );
  if (!isWaitedFor) return { pendingSinceMs: undefined, partlySinceMs: undefined, untilMs: nowMs };
  const pendingSinceMs = before.pendingSinceMs ?? nowMs;
  const isPartly = answers.some(({ answer }) => answer.kind === 'answered');
  const partlySinceMs = isPartly ? (before.partlySinceMs ?? nowMs) : undefined;
  const untilMs = isKnown || partlySinceMs === undefined ? pendingSinceMs + PENDING_MS : partlySinceMs + PARTLY_MS;
  return { pendingSinceMs, partlySinceMs, untilMs };
}

function reportFor(
  attachment: Attachment,
  truth: Truth,
  agrees: Pick<Condition, 'status' | 'reason' | 'message'>,
  before: VmNetworkReport | undefined,
  now: string,
): VmNetworkReport {
  const ground = groundOf(attachment);
  const kept = before && isSameNetwork(before, ground) ? before : undefined;
  const active = truth.nodes.filter(({ state }) => state === 'active').length;
  const condition = (type: Condition['type'], said: Pick<Condition, 'status' | 'reason' | 'message'>): Condition => {
    const last = before?.conditions.find((one) => one.type === type);
    const lastTransitionTime = last?.status === said.status ? last.lastTransitionTime : now;
    return { type, observedGeneration: attachment.generation, lastTransitionTime, ...said };
  };
  return {
    ...ground,
    // What was found last stays while the network is silent: a server that is down for a minute takes no address away.
    cidr: truth.cidr ?? kept?.cidr ?? '',
    gateway: truth.gateway ?? kept?.gateway ?? '',
    connectedNodes: `${active}/${truth.nodes.length}`,
    nodes: truth.nodes.map((node) => sinceChanged(node, kept)),
    conditions: [condition('Connected', truth.connected), condition('HarvesterAgrees', agrees)],
  };
}

/** The time is that of the answer that brought the state: an answer that says the same again is no news, and no write. */
function sinceChanged(node: NodeReport, before: VmNetworkReport | undefined): NodeReport {
  const last = before?.nodes.find(({ name }) => name === node.name);
  const isSame = last?.state === node.state && last.reason === node.reason;
  return isSame && last.at !== undefined && node.at !== undefined ? { ...node, at: last.at } : node;
}

type Ground = Pick<VmNetworkReport, 'clusterNetwork' | 'type' | 'vlan'>;

function groundOf({ network }: Attachment): Ground {
  const vlan = network.read.ok ? network.read.config.vlan : 0;
  return { clusterNetwork: network.clusterNetwork ?? '', type: network.type ?? '', vlan };
}

function isSameNetwork(a: Ground, b: Ground): boolean {
  return a.clusterNetwork === b.clusterNetwork && a.type === b.type && a.vlan === b.vlan;
}

/** Field by field in a fixed order: what the API server gives back has another. */
function isSameReport(a: VmNetworkReport | undefined, b: VmNetworkReport): boolean {
  return a !== undefined && JSON.stringify(ordered(a)) === JSON.stringify(ordered(b));
}

function ordered({ clusterNetwork, type, vlan, cidr, gateway, connectedNodes, nodes, conditions }: VmNetworkReport) {
  return [
    [clusterNetwork, type, vlan, cidr, gateway, connectedNodes],
    nodes.map(({ name, state, reason, message, at }) => [name, state, reason, message, at]),
    conditions.map((one) => [
      one.type,
      one.status,
      one.observedGeneration,
      one.lastTransitionTime,
      one.reason,
      one.message,
    ]),
  ];
}
