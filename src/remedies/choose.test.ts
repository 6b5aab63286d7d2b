import { describe, expect, it } from 'vitest';
import type { Finding } from '../judging/finding.ts';
import { type Choice, chooseRemedies } from './choose.ts';
import type { Remedy } from './remedy.ts';
import type { Step } from './step.ts';

const both: Choice = { scopes: ['now', 'persist'], sessionLinks: [] };
const set = (key: string, value: string): Step => ({ kind: 'setting', key, value });

function remedy(id: string, steps: readonly Step[], more: Partial<Remedy> = {}): Remedy {
  return { id, summary: { en: id, 'zh-CN': id }, risk: 'low', scope: 'now', steps, ...more };
}

function finding(problem: string, remedies: readonly Remedy[], more: Partial<Finding> = {}): Finding {
  const words = { title: '', cause: '', impact: '', prove: '', docs: '', evidence: [] };
  return { problem, target: 'n', subject: '', status: 'problem', severity: 'warning', ...words, remedies, ...more };
}

const ids = (findings: readonly Finding[], choice: Choice = both) => {
  const { plan, left } = chooseRemedies(findings, choice);
  return { plan: plan.map(({ id }) => id), left: left.map(({ why }) => why) };
};

describe('what a fix does', () => {
  it('is what is safe, the running kernel first, and nothing of what is no problem', () => {
    const found = [
      finding('a', [remedy('keep-a', [set('k/a', '1')], { scope: 'persist' }), remedy('a', [set('a', '1')])]),
      finding('b', [remedy('b', [set('b', '1')])]),
      finding('c', [remedy('c', [set('c', '1')])], { status: 'ok' }),
    ];
    expect(ids(found)).toEqual({ plan: ['a', 'b', 'keep-a'], left: [] });
    expect(ids(found, { ...both, scopes: ['now'] }).plan).toEqual(['a', 'b']);
    expect(ids(found, { ...both, named: ['b'] }).plan).toEqual(['b']);
  });

  it('is disruptive only where the problem is named', () => {
    const found = [finding('a', [remedy('a', [set('a', '1')], { risk: 'disruptive' })])];
    expect(ids(found)).toEqual({ plan: [], left: ['disruptive'] });
    expect(ids(found, { ...both, named: ['a'] })).toEqual({ plan: ['a'], left: [] });
  });

  it('touches an interface the ssh session comes through, or may come through, on trial only', () => {
    const found = [finding('a', [remedy('a', [set('a', '1')], { interfaces: ['eth0'], risk: 'disruptive' })])];
    const named = { ...both, named: ['a'] };
    expect(ids(found, { ...named, sessionLinks: ['eth0', 'br0'] })).toEqual({ plan: [], left: ['session'] });
    expect(ids(found, { ...named, sessionLinks: undefined })).toEqual({ plan: [], left: ['session'] });
    expect(ids(found, { ...named, sessionLinks: ['eth1'] })).toEqual({ plan: ['a'], left: [] });
    const onTrial = { ...named, onTrial: true };
    expect(ids(found, { ...onTrial, sessionLinks: ['eth0'] })).toEqual({ plan: ['a'], left: [] });
    expect(ids(found, { ...onTrial, sessionLinks: undefined })).toEqual({ plan: ['a'], left: [] });
  });

  it('takes what is disruptive and names no interface for disruptive on all of them', () => {
    const found = [finding('a', [remedy('a', [set('a', '1')], { risk: 'disruptive' })])];
    const named = { ...both, named: ['a'] };
    expect(ids(found, { ...named, sessionLinks: ['eth0'] })).toEqual({ plan: [], left: ['session'] });
    expect(ids(found, { ...named, sessionLinks: undefined })).toEqual({ plan: [], left: ['session'] });
    expect(ids(found, { ...named, sessionLinks: [] })).toEqual({ plan: ['a'], left: [] });
  });

  it('leaves consequences to their cause, and says where it can do nothing', () => {
    expect(ids([finding('a', [remedy('a', [set('a', '1')])], { consequenceOf: 'b' })]).plan).toEqual([]);
    expect(ids([finding('a', [])])).toEqual({ plan: [], left: ['no-remedy'] });
  });

  it('takes each step once, also under the other name of ip_forward, and refuses contradictions', () => {
    const found = [
      finding('a', [remedy('a', [set('net/ipv4/ip_forward', '1'), set('b', '1')])]),
      finding('b', [remedy('same', [set('b', '1')]), remedy('opposite', [set('net/ipv4/conf/all/forwarding', '0')])]),
    ];
    expect(ids(found)).toEqual({ plan: ['a'], left: ['contradiction'] });
  });
});
