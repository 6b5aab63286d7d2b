import { expect, it } from 'vitest';
import { pieceOf } from '../objects.ts';
import { selectorOf } from '../parts.ts';
import { selects } from './label-selector.ts';

const LABELS = { app: 'rancher', tier: 'front', 'app.kubernetes.io/name': 'x' };

it.each([
  ['', true],
  ['app=rancher', true],
  ['app=other', false],
  ['app=rancher,tier=back', false],
  ['tier in (back,front),app=rancher', true],
  ['tier in (back)', false],
  ['tier notin (back)', true],
  ['missing notin (a,b)', true],
  ['missing in (a)', false],
  ['app.kubernetes.io/name', true],
  ['missing', false],
  ['!missing', true],
  ['!app', false],
  ['toString', false],
  ['constructor=x', false],
])('%j: %s', (selector, expected) => expect(selects(selector, LABELS)).toBe(expected));

it('reads what a workload’s selector is written as', () => {
  const matchExpressions = [
    { key: 'tier', operator: 'In', values: ['back', 'front'] },
    { key: 'gone', operator: 'DoesNotExist' },
  ];
  const workload = pieceOf({ spec: { selector: { matchLabels: { app: 'rancher' }, matchExpressions } } });
  expect(selects(selectorOf(workload), LABELS)).toBe(true);
  expect(selects(selectorOf(workload), { ...LABELS, gone: '' })).toBe(false);
  expect(selects(selectorOf(workload), { ...LABELS, tier: 'side' })).toBe(false);
});
