import { describe, expect, it } from 'vitest';
import { seen } from '../../test/parts.ts';
import { LANGS } from '../lang.ts';
import type { PlannedRemedy } from '../remedies/run-record.ts';
import { displayWidth } from '../report/display-width.ts';
import { planText, resultText } from './change-text.ts';
import { type ProbePair, probeText } from './fix-probes.ts';

const PATH = `/etc/udev/rules.d/99-hayward-${'long-'.repeat(12)}name.rules`;
const PLAN: readonly PlannedRemedy[] = [
  {
    problem: 'bridge-netfilter',
    id: 'persist',
    summary: { en: 'Keep it over reboots and service restarts', 'zh-CN': '使其在重启系统和服务后仍然有效' },
    risk: 'low',
    scope: 'persist',
    steps: [
      { kind: 'setting', key: 'net/ipv4/ip_forward', value: '1' },
      { kind: 'file', path: PATH, content: 'one = 1\n\n\u001b[2Jtwo\n', mode: 0o644 },
    ],
  },
];

describe.each(LANGS)('a plan in %s', (lang) => {
  it.each([40, 60, 80])('fits %i columns, but for a path that is there to be copied', (width) => {
    const text = planText('node-1', PLAN, { lang, width, verbose: false });
    expect(text).toContain(PATH);
    for (const line of text.split('\n')) {
      if (!line.includes(PATH)) expect(displayWidth(line), line).toBeLessThanOrEqual(width);
    }
  });

  it('shows what its files will hold when asked to, and says how to ask', () => {
    expect(planText('n', PLAN, { lang, width: 80, verbose: true })).toMatch(/\| one = 1\n +\|\n +\| [^\u001b]*two\n/);
    expect(planText('n', PLAN, { lang, width: 80, verbose: false })).toContain('--verbose');
  });
});

it('says a step’s fate in the punctuation of its language', () => {
  const step = { kind: 'reload', what: 'udev' } as const;
  const report = { step, result: 'skipped', detail: { en: 'interrupted', 'zh-CN': '被中断' } } as const;
  expect(resultText(report, { lang: 'en', width: 80 })).toBe(
    '  - run udevadm control --reload — left out: interrupted\n',
  );
  expect(resultText(report, { lang: 'zh-CN', width: 80 })).toBe('  - 执行 udevadm control --reload — 未执行：被中断\n');
});

it('says so when packets are lost after the fix as they were before', () => {
  const sent = (arrived: number) => seen({ passes: arrived > 0, tallies: { icmp: { sent: 3, arrived } } });
  const pair = (after: number): ProbePair => ({
    request: { kind: 'bridge', bridge: 'br0' },
    before: sent(0),
    after: sent(after),
  });
  const layout = { lang: 'en', width: 80 } as const;
  expect(probeText([pair(3)], layout)).not.toContain('still lost');
  expect(probeText([pair(0)], layout)).toContain('still lost');
});
