import { expect, it } from 'vitest';
import type { Finding } from '../judging/finding.ts';
import { sampleFinding, sampleOther } from '../report/sample-report.ts';
import { changesBetween } from './changes.ts';

const AT = '2026-01-02T03:04:05Z';
const told = (before: readonly Finding[], after: readonly Finding[]) =>
  changesBetween({ verdict: 'ready', findings: before }, { verdict: 'ready', findings: after }, AT).map((change) =>
    change.kind === 'verdict' ? change.kind : `${change.kind} ${change.finding.subject}`,
  );
const bad = (subject: string, differing: Partial<Finding> = {}) => sampleFinding({ subject, ...differing });

it('tells what appeared, what is gone and what did not pass in time', () => {
  expect(told([bad('a')], [bad('a'), bad('b')])).toEqual(['appeared b']);
  expect(told([bad('a'), bad('b')], [bad('b')])).toEqual(['gone a']);
  expect(told([bad('a', { phase: 'settling' })], [bad('a', { phase: 'definite' })])).toEqual(['definite a']);
  expect(told([bad('a')], [bad('a', { cause: 'another' })])).toEqual([]);
});

it('does not take for gone what can no longer be seen, by itself or with all of its kind', () => {
  const blind = (subject: string) => sampleOther('unknown', { problem: 'ip-forward', subject });
  expect(told([bad('a')], [blind('a')])).toEqual(['lost-sight a']);
  expect(told([bad('a')], [blind('')])).toEqual(['lost-sight a']);
  expect(told([bad('a')], [blind('b')])).toEqual(['gone a']);
});

it('tells the verdict once', () => {
  const top = sampleFinding({ problem: 'cluster-ready', subject: '' });
  const before = { verdict: 'ready', findings: [] } as const;
  const after = { verdict: 'not-ready', findings: [top] } as const;
  expect(changesBetween(before, after, AT)).toEqual([{ kind: 'verdict', at: AT, from: 'ready', to: 'not-ready' }]);
});
