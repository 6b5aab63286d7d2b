import type { Finding } from '../judging/finding.ts';
import { findingFamilies } from '../report/prometheus.ts';
import { familiesText, type MetricFamily } from '../report/prometheus-text.ts';
import { KINDS, type Kind, type Outcome, type Probed } from './matrix.ts';

/** A round that was asked and judged. */
export interface Told {
  readonly probed: readonly Probed[];
  readonly findings: readonly Finding[];
  readonly at: Date;
  readonly durationMs: number;
}

/** The last round as metrics: how many of each kind, and by name only what was lost, which is N×N where all is. */
export function metricsText(rounds: number, last: Told | undefined): string {
  return familiesText([
    {
      name: 'hayward_dataplane_rounds_total',
      help: 'Rounds in which every node asked every other.',
      type: 'counter',
      samples: [{ value: rounds }],
    },
    ...(last ? roundFamilies(last) : []),
  ]);
}

const OUTCOMES: readonly Outcome['kind'][] = ['answered', 'lost', 'unknown'];

function roundFamilies({ probed, findings, at, durationMs }: Told): readonly MetricFamily[] {
  return [
    {
      name: 'hayward_dataplane_last_round_timestamp_seconds',
      help: 'When the last round ended.',
      type: 'gauge',
      samples: [{ value: at.getTime() / 1000 }],
    },
    {
      name: 'hayward_dataplane_last_round_seconds',
      help: 'How long the last round took.',
      type: 'gauge',
      samples: [{ value: durationMs / 1000 }],
    },
    {
      name: 'hayward_dataplane_probes',
      help: 'Probes of the last round, by what was asked and what came of it.',
      type: 'gauge',
      samples: KINDS.flatMap((kind) =>
        OUTCOMES.map((outcome) => ({ labels: { kind, outcome }, value: countOf(probed, kind, outcome) })),
      ),
    },
    {
      name: 'hayward_dataplane_lost',
      help: 'Probes that were lost in the last round from one node to another; no sample where none was.',
      type: 'gauge',
      samples: lostSamples(probed),
    },
    ...findingFamilies(findings),
  ];
}

function countOf(probed: readonly Probed[], kind: Kind, outcome: Outcome['kind']): number {
  return probed.filter((one) => one.kind === kind && one.outcome.kind === outcome).length;
}

function lostSamples(probed: readonly Probed[]): MetricFamily['samples'] {
  const lost = new Map<string, { labels: Readonly<Record<string, string>>; value: number }>();
  for (const { kind, from, to, outcome } of probed) {
    if (outcome.kind !== 'lost') continue;
    const key = `${kind} ${from} ${to}`;
    const value = (lost.get(key)?.value ?? 0) + 1;
    lost.set(key, { labels: { kind, from, to }, value });
  }
  return [...lost.values()];
}
