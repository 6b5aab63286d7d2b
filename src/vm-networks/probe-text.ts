import type { Finding } from '../judging/finding.ts';
import type { Lang } from '../lang.ts';
import { displayWidth, padTo } from '../report/display-width.ts';
import { painter, type Style } from '../report/paint.ts';
import type { RenderOptions } from '../report/report.ts';
import { problemLines } from '../report/text-finding.ts';
import { hanging, oneLine } from '../report/text-line.ts';
import { PROBE_STEPS, type ProbeStep } from './probe-steps.ts';
import { networkName, type ProbedNetwork } from './probed-network.ts';
import { STATE_WORDS } from './state-words.ts';

const MARK: Readonly<Record<ProbeStep['result'], { readonly mark: string; readonly style: Style }>> = {
  fine: { mark: '✓', style: 'ok' },
  wrong: { mark: '✗', style: 'critical' },
  odd: { mark: '!', style: 'warning' },
  skipped: { mark: '-', style: 'faint' },
};

/** What a VM sees, step by step; then what is wrong, what it means, and what to run next. */
export function probeText(network: ProbedNetwork, findings: readonly Finding[], options: RenderOptions): string {
  const paint = painter(options.color);
  const { outcome } = network.probe;
  const words = STATE_WORDS[options.lang];
  const heading = `${networkName(network.request)} · ${words[outcome.state]}`;
  const problems = findings
    .filter(({ status }) => status === 'problem')
    .flatMap((finding) => ['', ...problemLines({ finding, alike: [], consequences: [] }, undefined, options)]);
  const unknown = findings.flatMap(({ unknown: why }) =>
    why ? ['', ...hanging('  ? ', oneLine(why.detail), options.width)] : [],
  );
  const steps = options.quiet ? [] : stepLines(network, options);
  const frames = options.verbose ? frameLines(network, options) : [];
  return `${[paint(heading, 'heading'), ...steps, ...frames, ...problems, ...unknown].join('\n')}\n`;
}

function stepLines(network: ProbedNetwork, { lang, color, width }: RenderOptions): readonly string[] {
  const paint = painter(color);
  const steps = PROBE_STEPS.flatMap((step) => step(network));
  const column = Math.max(...steps.map(({ label }) => displayWidth(label[lang]))) + 2;
  return steps.flatMap((step) => {
    const { mark, style } = MARK[step.result];
    const label = padTo(step.label[lang], column);
    return hanging(`  ${mark} ${label}`, oneLine(step.text[lang]), width, `  ${paint(mark, style)} ${label}`);
  });
}

const FRAMES: Readonly<Record<Lang, string>> = { en: 'Frames:', 'zh-CN': '帧：' };

function frameLines({ probe }: ProbedNetwork, { lang, width, color }: RenderOptions): readonly string[] {
  const frames = probe.facts?.frames ?? [];
  if (frames.length === 0) return [];
  const lines = frames.flatMap(({ atMs, at, direction, vlan, text }) => {
    const tag = vlan === 0 ? '' : ` [${vlan}]`;
    return hanging(`    ${String(atMs).padStart(6)} ms  `, `${at} ${direction}${tag}: ${oneLine(text)}`, width);
  });
  return ['', `  ${painter(color)(FRAMES[lang], 'faint')}`, ...lines];
}
