import { KEYS } from '../../harvester/names.ts';
import { type Attachment, attachmentOf } from './attachment.ts';
import { keepNetwork, type NetworkMemory, type NetworkOutcome, type Settings } from './keep-network.ts';
import { FIELD_MANAGER, type ProbeResult, type VmNetworkReport, type WantedProbe } from './model.ts';
import { routeWritten } from './route-writing.ts';

/** What an agent finds, at the moment it looks. */
export type Found = Omit<ProbeResult, 'ask' | 'at'>;

export const WELL: Found = { state: 'active', reason: 'ok', message: '', cidr: '10.0.0.0/24', gateway: '10.0.0.1' };
export const NO_DHCP: Found = { state: 'inactive', reason: 'dhcp-silent', message: '' };
export const DARK: Found = { state: 'inactive', reason: 'no-carrier', side: 'node', message: '' };

/** One network, its nodes' agents and the API server, in a time of their own; the keeper is the real one. */
export interface SimulatedNetwork {
  readonly nowMs: () => number;
  readonly report: () => VmNetworkReport | undefined;
  readonly route: () => Record<string, unknown> | undefined;
  readonly asked: (node: string) => number;
  /** Every write, in its order. */
  readonly writes: readonly { readonly kind: 'route' | 'report'; readonly atMs: number; readonly text: string }[];
  /** What a node's agent finds from now on; undefined: it is gone. */
  set(node: string, found: Found | undefined): void;
  /** Somebody else writes the annotation. */
  write(route: string | undefined, manager?: string): void;
  /** Another VLAN. */
  move(vlan: number): void;
  /** The keeper forgets all; the API server does not. */
  restart(): void;
  /** Lets time pass; all that falls due meanwhile happens. */
  pass(ms: number): void;
}

export interface SimulatedOptions extends Partial<Settings> {
  readonly nodes?: readonly string[];
  readonly route?: string;
  readonly answerMs?: number;
}

const EPOCH_MS = Date.parse('2026-01-01T00:00:00Z');

export function simulateNetwork(options: SimulatedOptions = {}): SimulatedNetwork {
  const { nodes = ['node-1', 'node-2', 'node-3'], answerMs = 700 } = options;
  const settings: Settings = { everyMs: options.everyMs ?? 300_000, defaultRoute: options.defaultRoute ?? 'off' };
  const found = new Map<string, Found | undefined>(nodes.map((node) => [node, WELL]));
  const asked = new Map<string, WantedProbe>();
  const results = new Map<string, ProbeResult>();
  const answers: { node: string; ask: number; atMs: number }[] = [];
  const writes: { kind: 'route' | 'report'; atMs: number; text: string }[] = [];
  let route = options.route;
  let writer = route === undefined ? undefined : 'kubectl';
  let vlan = 100;
  let now = 0;
  let version = 1;
  let memory: NetworkMemory | undefined;
  let report: VmNetworkReport | undefined;
  let wakeAtMs = Number.POSITIVE_INFINITY;

  function attachment(): Attachment {
    const key = `f:${KEYS.route}`;
    const read = attachmentOf({
      metadata: {
        name: 'net',
        namespace: 'default',
        uid: 'u',
        generation: vlan,
        resourceVersion: String(version),
        annotations: route === undefined ? {} : { [KEYS.route]: route },
        managedFields: [{ manager: writer, fieldsV1: { 'f:metadata': { 'f:annotations': { [key]: {} } } } }],
      },
      spec: { config: JSON.stringify({ type: 'bridge', bridge: 'mgmt-br', vlan }) },
    });
    if (!read) throw new TypeError('it is a VM network');
    return read;
  }
  function decide(): NetworkOutcome {
    const seen = {
      attachment: attachment(),
      nodes,
      askedOf: (node: string) => asked.get(node),
      resultOf: (node: string) => results.get(node),
      memory,
      report,
    };
    const outcome = keepNetwork(seen, settings, { ms: now, text: new Date(EPOCH_MS + now).toISOString() });
    if (outcome.wakeAtMs <= now) throw new TypeError(`it wants to wake at ${outcome.wakeAtMs}, and it is ${now}`);
    memory = outcome.memory;
    wakeAtMs = outcome.wakeAtMs;
    for (const [node, probe] of outcome.wanted) {
      if (asked.get(node)?.ask === probe.ask) continue;
      asked.set(node, probe);
      answers.push({ node, ask: probe.ask, atMs: now + answerMs + nodes.indexOf(node) });
    }
    return outcome;
  }
  function look(): void {
    let outcome = decide();
    while (outcome.route) {
      ({ text: route } = outcome.route);
      writer = FIELD_MANAGER;
      version++;
      writes.push({ kind: 'route', atMs: now, text: route });
      memory = { ...outcome.memory, route: routeWritten(outcome.memory.route, outcome.route) };
      outcome = decide();
    }
    if (!outcome.report) return;
    report = outcome.report;
    memory = { ...outcome.memory, reported: report };
    writes.push({ kind: 'report', atMs: now, text: JSON.stringify(report) });
  }
  function answer(index: number): void {
    const [due] = answers.splice(index, 1);
    const what = due && found.get(due.node);
    if (!what || asked.get(due.node)?.ask !== due.ask) return;
    const { node, ask } = due;
    results.set(node, { ...what, ask, at: new Date(EPOCH_MS + now).toISOString() });
    look();
  }
  function nextAnswer(): number {
    return answers.reduce((best, { atMs }, index) => (atMs < (answers[best]?.atMs ?? Infinity) ? index : best), 0);
  }
  look();
  return {
    nowMs: () => now,
    report: () => report,
    route: () => (route === undefined ? undefined : (JSON.parse(route) as Record<string, unknown>)),
    asked: (node) => asked.get(node)?.ask ?? 0,
    writes,
    set(node, what) {
      const ask = asked.get(node)?.ask ?? 0;
      // An agent that begins answers what is outstanding.
      if (!found.get(node) && what && results.get(node)?.ask !== ask) answers.push({ node, ask, atMs: now + answerMs });
      found.set(node, what);
    },
    write(text, manager = 'harvester-network-controller-manager') {
      route = text;
      writer = manager;
      version++;
      look();
    },
    move(to) {
      vlan = to;
      version++;
      look();
    },
    restart() {
      memory = undefined;
      look();
    },
    pass(ms) {
      const end = now + ms;
      for (;;) {
        const index = nextAnswer();
        const answerAtMs = answers[index]?.atMs ?? Number.POSITIVE_INFINITY;
        const next = Math.min(answerAtMs, wakeAtMs);
        if (next > end) break;
        now = Math.max(now, next);
        if (answerAtMs <= wakeAtMs) answer(index);
        else look();
      }
      now = end;
    },
  };
}
