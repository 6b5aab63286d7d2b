import type { Kind, Probe, Probed } from '../matrix.ts';

/** Everything `dataplane` asks among these nodes; DNS has a Service and a Pod on the first node. */
export function everyProbe(nodes: readonly string[]): readonly Probe[] {
  const ways = (['tcp', 'udp'] as const).flatMap((protocol) =>
    (['small', 'full'] as const).map((size) => ({ protocol, size })),
  );
  return nodes.flatMap((from) => [
    ...nodes.flatMap((to, index) => {
      const next = nodes[(index + 1) % nodes.length] ?? to;
      const asked: readonly { readonly kind: Kind; readonly backend: string }[] = [
        { kind: 'pod', backend: to },
        { kind: 'service', backend: to },
        ...[...new Set([to, next])].map((backend) => ({ kind: 'nodeport', backend }) as const),
      ];
      return asked.flatMap((one) => ways.map((way) => ({ ...one, ...way, from, to })));
    }),
    ...ways
      .filter(({ size }) => size === 'small')
      .flatMap((way) => [
        { kind: 'dns' as const, from, to: '10.53.0.10', backend: undefined, ...way },
        { kind: 'dns' as const, from, to: '10.52.0.2', backend: nodes[0], ...way },
      ]),
  ]);
}

/** The same, lost where `fails` says so. */
export function outcomes(probes: readonly Probe[], fails: (probe: Probe) => boolean): readonly Probed[] {
  return probes.map((probe) => ({
    ...probe,
    outcome: fails(probe) ? { kind: 'lost', error: 'no answer in 1 s' } : { kind: 'answered', ms: 1 },
  }));
}
