import { describe, expect, it } from 'vitest';
import { snapshotWith, sysctlWith } from '../../test/parts.ts';
import { generic } from '../profiles/generic.ts';
import type { Judgement } from './finding.ts';
import { judge } from './judge.ts';
import { type AnyProblem, defineProblem } from './problem.ts';

const words = (en: string) => ({ en, 'zh-CN': `中文 ${en}` });

function problem(
  id: string,
  judgements: () => readonly Judgement<string>[],
  dependsOn: readonly string[] = [],
): AnyProblem {
  return defineProblem({
    id,
    title: words(id),
    needs: ['sysctl'],
    dependsOn,
    check: judgements,
    explain: (facts: string) => ({ title: words(facts), cause: words('cause'), impact: words('impact') }),
    prove: () => 'true',
    remedies: () => [],
  }) as unknown as AnyProblem;
}

const seen = (facts: string): Judgement<string> => ({
  status: 'problem',
  severity: 'critical',
  subject: 's',
  evidence: [],
  facts,
});
const run = (problems: readonly AnyProblem[], lang: 'en' | 'zh-CN' = 'en') =>
  judge(problems, snapshotWith({ sysctl: sysctlWith({}) }), generic, { target: 'node', lang });

describe('judge', () => {
  it('words a problem from its facts, in the language asked for', () => {
    expect(run([problem('a', () => [seen('facts')])], 'zh-CN')).toMatchObject([
      {
        problem: 'a',
        target: 'node',
        subject: 's',
        status: 'problem',
        title: '中文 facts',
        docs: 'docs/problems/a.md',
      },
    ]);
  });

  it('hides a consequence behind its cause, and only while the cause is there', () => {
    const consequence = problem('b', () => [seen('b')], ['a']);
    expect(run([problem('a', () => [seen('a')]), consequence])[1]).toMatchObject({
      severity: 'info',
      consequenceOf: 'a',
    });
    expect(run([problem('a', () => []), consequence])[0]).toMatchObject({ severity: 'critical' });
    expect(run([problem('a', () => []), consequence])[0]).not.toHaveProperty('consequenceOf');
  });

  it('makes a check that throws unknown, and lets the rest stand', () => {
    const broken = problem('broken', () => {
      throw new Error('boom');
    });
    expect(run([broken, problem('a', () => [seen('a')])])).toMatchObject([
      { problem: 'broken', status: 'unknown', severity: 'warning', unknown: { reason: 'failed' } },
      { problem: 'a', status: 'problem' },
    ]);
  });

  it('gives a check the parts it declared and no others', () => {
    let keys: string[] = [];
    const curious = defineProblem({
      ...(problem('curious', () => []) as unknown as ReturnType<typeof defineProblem<'sysctl', string>>),
      check(parts) {
        keys = Object.keys(parts);
        return [];
      },
    });
    run([curious as unknown as AnyProblem]);
    expect(keys).toEqual(['sysctl']);
  });
});
