import type { Question } from './agent/protocol.ts';
import type { Outcome, Probe, Size } from './matrix.ts';

/** A node, and what answers on it. What is undefined did not come to be, for the reason in `missing`. */
export interface PlannedNode {
  readonly name: string;
  readonly address: string | undefined;
  readonly echo: string | undefined;
  readonly service: PlannedService | undefined;
  readonly missing: string;
}

/** Of the Service whose only Pod is the node's. */
export interface PlannedService {
  readonly address: string;
  readonly port: number;
  readonly nodePorts: { readonly tcp: number; readonly udp: number };
}

/** A server of DNS: its Service, or one of its Pods on the node `backend`. */
export interface PlannedServer {
  readonly address: string;
  readonly backend: string | undefined;
  /** Why it is not asked; else empty. */
  readonly missing: string;
}

export interface Ground {
  readonly nodes: readonly PlannedNode[];
  readonly servers: readonly PlannedServer[];
  /** Where what echoes listens. */
  readonly echoPort: number;
}

/** A probe with its question, or why it cannot be asked. */
export type PlannedProbe = Probe & { readonly question: Question | Extract<Outcome, { kind: 'unknown' }> };

const DNS_PORT = 53;
const SIZES: readonly Size[] = ['small', 'full'];

/**
 * What a node's Pod is to ask: every node's Pod, Service and NodePort, small and full, over TCP and UDP, and DNS. A NodePort is asked
 * twice, for the Pod of the node that has it and for one of another, each asker's another, so that together they try many ways.
 */
export function plannedFor(from: string, { nodes, servers, echoPort }: Ground): readonly PlannedProbe[] {
  const own = nodes.findIndex(({ name }) => name === from);
  const all = nodes.flatMap((to, index) => {
    const others = nodes.filter((one) => one !== to);
    const other = others[(index + own) % Math.max(1, others.length)];
    return (['tcp', 'udp'] as const).flatMap((protocol) =>
      SIZES.flatMap((size): PlannedProbe[] => {
        const way = { from, to: to.name, protocol, size } as const;
        const asked = (address: string | undefined, port: number | undefined, why: string) =>
          questionOf(protocol, { size, address, port, why });
        return [
          { ...way, kind: 'pod', backend: to.name, question: asked(to.echo, echoPort, to.missing) },
          {
            ...way,
            kind: 'service',
            backend: to.name,
            question: asked(to.echo && to.service?.address, to.service?.port, to.missing),
          },
          ...[to, ...(other ? [other] : [])].map(
            (backend): PlannedProbe => ({
              ...way,
              kind: 'nodeport',
              backend: backend.name,
              question: asked(
                backend.echo && to.address,
                backend.service?.nodePorts[protocol],
                backend.missing || to.missing,
              ),
            }),
          ),
        ];
      }),
    );
  });
  const dns = servers.flatMap(({ address, backend, missing }) =>
    (['tcp', 'udp'] as const).map(
      (protocol): PlannedProbe => ({
        kind: 'dns',
        from,
        to: address,
        backend,
        protocol,
        size: 'small',
        question: missing
          ? { kind: 'unknown', reason: 'failed', detail: missing }
          : { means: `dns-${protocol}`, size: 'small', address, port: DNS_PORT },
      }),
    ),
  );
  return [...all, ...dns];
}

interface Asked {
  readonly size: Size;
  readonly address: string | undefined;
  readonly port: number | undefined;
  readonly why: string;
}

function questionOf(means: 'tcp' | 'udp', { size, address, port, why }: Asked): PlannedProbe['question'] {
  if (address && port) return { means, size, address, port };
  return { kind: 'unknown', reason: 'failed', detail: why || 'nothing answers there yet' };
}
