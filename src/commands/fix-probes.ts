import type { ActingHost } from '../hosts/host.ts';
import type { Reading } from '../hosts/reading.ts';
import type { Lang } from '../lang.ts';
import type { Sent } from '../probes/send.ts';
import type { ProbeRequest } from '../remedies/remedy.ts';
import type { PlannedRemedy } from '../remedies/run-record.ts';
import { block, type Layout, line } from './change-text.ts';

/** One probe, sent before the change and after it. */
export interface ProbePair {
  readonly request: ProbeRequest;
  readonly before: Reading<Sent>;
  readonly after?: Reading<Sent>;
}

/** The probes of a plan, each once. They are packets of this machine: a node behind ssh is not probed. */
export function probesOf(plan: readonly PlannedRemedy[], host: ActingHost): readonly ProbeRequest[] {
  if (host.via !== 'local') return [];
  const requests = plan.flatMap(({ probe, scope }) => (probe && scope === 'now' ? [probe] : []));
  return [...new Map(requests.map((request) => [JSON.stringify(request), request])).values()];
}

/** One after the other: a probe lends the machine interfaces while it runs. */
export async function sendBefore(requests: readonly ProbeRequest[]): Promise<ProbePair[]> {
  if (requests.length === 0) return [];
  const { sendProbe } = await import('../probes/send.ts');
  const pairs: ProbePair[] = [];
  for (const request of requests) pairs.push({ request, before: await sendProbe(request) });
  return pairs;
}

/** The same packets again, so that the two can be shown side by side. */
export async function sendAfter(pairs: readonly ProbePair[]): Promise<ProbePair[]> {
  if (pairs.length === 0) return [];
  const { sendProbe } = await import('../probes/send.ts');
  const done: ProbePair[] = [];
  for (const pair of pairs) done.push({ ...pair, after: await sendProbe(pair.request) });
  return done;
}

const WORDS = {
  en: {
    head: 'Packets really sent, before → after:',
    bridge: (bridge: string) => `between two ports of ${bridge}`,
    forwarding: 'routed through this machine',
    asymmetric: 'routed through this machine, with the way back elsewhere',
    like: (link: string) => ` (under the settings of ${link})`,
    arrived: (arrived: number, sent: number) => `${arrived} of ${sent} arrived`,
    packet: 'packet',
    stillLost:
      'They are still lost: something else is wrong too, or a rule names interfaces. See everything: hayward doctor',
    colon: ': ',
    rewritten: (source: string) => ` as from ${source}`,
    unknown: (why: string) => `could not be sent: ${why}`,
  },
  'zh-CN': {
    head: '实际发送的报文，修复前 → 修复后：',
    bridge: (bridge: string) => `在网桥 ${bridge} 的两个端口之间`,
    forwarding: '经本机路由转发',
    asymmetric: '经本机路由转发，回程走另一条路径',
    like: (link: string) => `（采用 ${link} 的设置）`,
    arrived: (arrived: number, sent: number) => `发出 ${sent} 个，到达 ${arrived} 个`,
    packet: '报文',
    stillLost: '仍然丢失：还有其他问题，或有规则指定了接口。全面检查：hayward doctor',
    colon: '：',
    rewritten: (source: string) => `，源地址变为 ${source}`,
    unknown: (why: string) => `无法发送：${why}`,
  },
} as const;

function nameOf(request: ProbeRequest, lang: Lang): string {
  const words = WORDS[lang];
  if (request.kind === 'bridge') return words.bridge(request.bridge);
  const like = request.like === undefined ? '' : words.like(request.like);
  return (request.asymmetric ? words.asymmetric : words.forwarding) + like;
}

function fateOf(reading: Reading<Sent> | undefined, kind: string, lang: Lang): string {
  const words = WORDS[lang];
  if (!reading) return '–';
  if (!reading.known) return words.unknown(reading.detail);
  const tally = reading.value.tallies[kind];
  if (!tally) return '–';
  const { arrived, sent, rewrittenSource } = tally;
  return words.arrived(arrived, sent) + (rewrittenSource === undefined ? '' : words.rewritten(rewrittenSource));
}

/** What was sent and what became of it, a line a protocol; nothing where no probe was asked for. */
export function probeText(pairs: readonly ProbePair[], layout: Layout): string {
  if (pairs.length === 0) return '';
  const { lang } = layout;
  const words = WORDS[lang];
  const blocks = pairs.map((pair) => {
    const name = nameOf(pair.request, lang) + words.colon;
    const seen = [pair.before, pair.after].find((reading) => reading?.known);
    if (!seen?.known) return block('  ', name + fateOf(pair.before, '', lang), layout);
    const lines = Object.keys(seen.value.tallies).map((kind) => {
      const what = (kind === 'asymmetric' ? words.packet : kind) + words.colon;
      return block('    ', `${what}${fateOf(pair.before, kind, lang)} → ${fateOf(pair.after, kind, lang)}`, layout);
    });
    return block('  ', name, layout) + lines.join('');
  });
  const lost = pairs.some(({ after }) => after?.known && !after.value.passes);
  return line(words.head) + blocks.join('') + (lost ? block('  ', words.stillLost, layout) : '');
}

/** The same for `--json`. */
export function probeJson(pairs: readonly ProbePair[]): readonly object[] {
  const plain = (reading: Reading<Sent> | undefined) => {
    if (!reading) return undefined;
    return reading.known ? reading.value : { unknown: { reason: reading.reason, detail: reading.detail } };
  };
  return pairs.map(({ request, before, after }) => ({ probe: request, before: plain(before), after: plain(after) }));
}
