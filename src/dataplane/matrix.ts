import type { UnknownReason } from '../hosts/reading.ts';

/** What a packet is sent to: a Pod's own address, a Service's, a port of a node, a DNS server. */
export const KINDS = ['pod', 'service', 'nodeport', 'dns'] as const;
export type Kind = (typeof KINDS)[number];
export type Protocol = 'tcp' | 'udp';
/** `full`: as much as the Pod's MTU lets into one packet, and the same back. */
export type Size = 'small' | 'full';

/** One question and where it goes. */
export interface Probe {
  readonly kind: Kind;
  /** The node whose Pod asks. */
  readonly from: string;
  /** Of pod and service the node whose Pod answers, of nodeport the node whose address is asked, of dns the server's address. */
  readonly to: string;
  /** The node whose Pod answers; undefined where the cluster chooses, as behind the Service of DNS. */
  readonly backend: string | undefined;
  readonly protocol: Protocol;
  readonly size: Size;
}

/** `ms`: of the round trip, connecting included. */
export type Outcome =
  | { readonly kind: 'answered'; readonly ms: number }
  | { readonly kind: 'lost'; readonly error: string }
  | { readonly kind: 'unknown'; readonly reason: UnknownReason; readonly detail: string };

export type Probed = Probe & { readonly outcome: Outcome };

/** Everything that was asked between one node and one other in one way. */
export interface Cell {
  /** False where anything was lost; undefined where nothing is known. */
  readonly ok: boolean | undefined;
  /** The slowest small answer; undefined where there was none. */
  readonly ms: number | undefined;
  /** What was lost first, and how; why nothing is known; else empty. */
  readonly error: string;
  readonly probes: readonly Probed[];
}

/** From node to cells by what was asked. */
export type Matrix = ReadonlyMap<string, ReadonlyMap<string, Cell>>;

/** The cells of one kind, in the order in which they were asked. */
export function matrixOf(all: readonly Probed[], kind: Kind): Matrix {
  const rows = new Map<string, Map<string, Probed[]>>();
  for (const probed of all) {
    if (probed.kind !== kind) continue;
    const row = rows.get(probed.from) ?? new Map<string, Probed[]>();
    rows.set(probed.from, row);
    const cell = row.get(probed.to);
    if (cell) cell.push(probed);
    else row.set(probed.to, [probed]);
  }
  return new Map([...rows].map(([from, row]) => [from, new Map([...row].map(([to, probes]) => [to, cellOf(probes)]))]));
}

/** A cell is in order only where something was answered and nothing was lost. */
export function cellOf(probes: readonly Probed[]): Cell {
  const times = probes.flatMap(({ outcome, size }) =>
    outcome.kind === 'answered' && size === 'small' ? [outcome.ms] : [],
  );
  const ms = times.length === 0 ? undefined : Math.max(...times);
  const lost = probes.filter(isLost);
  const [first] = lost;
  if (first) return { ok: false, ms, error: `${wayOf(first, probes)}: ${first.outcome.error}`, probes };
  if (probes.some(isAnswered)) return { ok: true, ms, error: '', probes };
  const why = probes.find(({ outcome }) => outcome.kind === 'unknown')?.outcome;
  return { ok: undefined, ms, error: why?.kind === 'unknown' ? why.detail : '', probes };
}

export function isLost(probed: Probed): probed is Probed & { readonly outcome: { kind: 'lost'; error: string } } {
  return probed.outcome.kind === 'lost';
}

export function isAnswered(probed: Probed): boolean {
  return probed.outcome.kind === 'answered';
}

/** `udp full`, and behind a NodePort whose Pod it was. */
function wayOf({ kind, backend, protocol, size }: Probed, probes: readonly Probed[]): string {
  const several = new Set(probes.map((one) => one.backend)).size > 1;
  return `${protocol} ${size}${kind === 'nodeport' && several && backend !== undefined ? ` to the Pod on ${backend}` : ''}`;
}
