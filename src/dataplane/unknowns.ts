import type { Finding } from '../judging/finding.ts';
import type { Lang } from '../lang.ts';
import { KINDS, type Outcome, type Probed } from './matrix.ts';
import { KIND_WORDS } from './words.ts';

type Unknown = Extract<Outcome, { kind: 'unknown' }>;

interface Asked {
  readonly target: string;
  readonly lang: Lang;
}

/**
 * What is not known, as findings: a node that could not ask, and what was left open between nodes that could, which decide the answer;
 * and a way that was asked from nowhere, as what an image has no means for, which does not.
 */
export function unknownFindings(all: readonly Probed[], asked: Asked): readonly Finding[] {
  const silent = [...new Set(all.map(({ from }) => from))].flatMap((node) => {
    const own = all.filter(({ from }) => from === node);
    const why = own[0]?.outcome;
    return why?.kind === 'unknown' && own.every(isUnknown) ? [{ node, why }] : [];
  });
  const mute = new Set(silent.map(({ node }) => node));
  const others = all.filter(({ from }) => !mute.has(from));
  return [
    ...silent.map(({ node, why }) => silentNode(node, why, asked)),
    ...unaskedWays(others, asked),
    ...gaps(others, mute, asked),
  ];
}

function isUnknown({ outcome }: Probed): boolean {
  return outcome.kind === 'unknown';
}

function finding(problem: string, subject: string, { target }: Asked): Omit<Finding, 'severity' | 'title' | 'unknown'> {
  return {
    problem,
    target,
    subject,
    status: 'unknown',
    cause: '',
    impact: '',
    evidence: [],
    prove: '',
    remedies: [],
    docs: `docs/problems/${problem}.md`,
  };
}

function silentNode(node: string, { reason, detail }: Unknown, asked: Asked): Finding {
  const title = { en: `${node} could not be asked`, 'zh-CN': `无法从 ${node} 发起探测` };
  return {
    ...finding('dataplane-pod', node, asked),
    severity: 'warning',
    title: title[asked.lang],
    unknown: { reason, detail: `${node}: ${detail}` },
  };
}

/** What is open in a way that was asked elsewhere: nothing answers on a node, or an agent ended midway. Of mute nodes it was told. */
function gaps(all: readonly Probed[], mute: ReadonlySet<string>, asked: Asked): readonly Finding[] {
  return KINDS.flatMap((kind) => {
    const own = all.filter((one) => one.kind === kind);
    const seen = new Set(own.filter((one) => !isUnknown(one)).map(wayOf));
    const open = own.filter(
      (one) => isUnknown(one) && seen.has(wayOf(one)) && ![one.to, one.backend ?? ''].some((node) => mute.has(node)),
    );
    const [first] = open;
    if (first?.outcome.kind !== 'unknown') return [];
    const { reason, detail } = first.outcome;
    const subject = [...new Set(open.map(({ to }) => to))].join(', ');
    const count = `${open.length}/${own.length}, ${first.from} → ${first.to}`;
    return [
      {
        ...finding(`dataplane-${kind}`, subject, asked),
        severity: 'warning' as const,
        title: KIND_WORDS[kind][asked.lang],
        unknown: { reason, detail: `${kind} (${count}): ${detail}` },
      },
    ];
  });
}

function wayOf({ protocol, size }: Probed): string {
  return `${protocol} ${size}`;
}

function unaskedWays(all: readonly Probed[], asked: Asked): readonly Finding[] {
  return KINDS.flatMap((kind) => {
    const own = all.filter((one) => one.kind === kind);
    const ways = [...new Set(own.map(wayOf))].filter((way) => own.filter((one) => wayOf(one) === way).every(isUnknown));
    const why = own.find((one) => ways.includes(wayOf(one)) && isUnknown(one));
    if (why?.outcome.kind !== 'unknown') return [];
    const { reason, detail } = why.outcome;
    const isAll = own.every(isUnknown);
    const subject = ways.join(', ');
    return [
      {
        ...finding(`dataplane-${kind}`, subject, asked),
        severity: isAll ? ('warning' as const) : ('info' as const),
        title: KIND_WORDS[kind][asked.lang],
        unknown: { reason, detail: `${kind} ${subject}: ${detail}` },
      },
    ];
  });
}
