import { describe, expect, it } from 'vitest';
import { seen, snapshotWith } from '../../test/parts.ts';
import { unknown } from '../hosts/reading.ts';
import { generic } from '../profiles/generic.ts';
import { type Holding, holdSetting, holdUnknown } from './demand.ts';
import { holdingsOf } from './holdings.ts';
import { type AnyProblem, defineProblem } from './problem.ts';

const REASON = { en: 'why', 'zh-CN': '原因' };

function problem(id: string, holds?: (parts: object) => readonly Holding[]): AnyProblem {
  const defined = defineProblem({
    id,
    title: REASON,
    needs: ['links'],
    check: () => [],
    explain: () => ({ title: REASON, cause: REASON, impact: REASON }),
    prove: () => '',
    remedies: () => [],
    ...(holds && { holds }),
  });
  return defined as unknown as AnyProblem;
}

const SNAPSHOT = snapshotWith({ links: seen([]) });

describe('what all problems together keep', () => {
  it('is signed with whose it is, in the problems’ order', () => {
    const left = { status: 'left', demand: { kind: 'module', name: 'ip_vs', reason: REASON }, why: REASON } as const;
    const missing = unknown('denied', '/proc', 'not permitted');
    const problems = [
      problem('one', () => [holdSetting('a/b', '1', REASON), left]),
      problem('two'),
      problem('three', () => [holdUnknown('c.d', 'warning', missing)]),
    ];
    expect(holdingsOf(problems, SNAPSHOT, generic)).toEqual({
      demands: [{ kind: 'setting', key: 'a/b', value: '1', reason: REASON, by: 'one' }],
      left: [{ demand: { kind: 'module', name: 'ip_vs', reason: REASON, by: 'one' }, why: REASON }],
      undecided: [{ by: 'three', about: 'c.d', severity: 'warning', unknown: missing }],
    });
  });

  it('gives a problem the parts it declared, and no other', () => {
    let names: string[] = [];
    const asking = problem('one', (parts) => {
      names = Object.keys(parts);
      return [];
    });
    holdingsOf([asking], SNAPSHOT, generic);
    expect(names).toEqual(['links']);
  });

  it('is not known of a problem with a bug, and stands of the others', () => {
    const broken = problem('broken', () => {
      throw new Error('no such thing');
    });
    const { demands, undecided } = holdingsOf(
      [broken, problem('one', () => [holdSetting('a/b', '1', REASON)])],
      SNAPSHOT,
      generic,
    );
    expect(demands).toHaveLength(1);
    expect(undecided).toMatchObject([{ by: 'broken', severity: 'warning', unknown: { reason: 'failed' } }]);
  });
});
