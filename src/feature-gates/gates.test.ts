import { describe, expect, it } from 'vitest';
import { judgeGates, releaseOf } from './gates.ts';

/** Each as a real kube-apiserver 1.33.13 and 1.34.2 said it; see gates.kube.test.ts. */
describe('the gates', () => {
  const article = 'unrecognized feature gate: NodeAuthorizerEnablePodSelectors';
  const locked = (gate: string, to = true) => `cannot set feature gate ${gate} to ${!to}, feature is locked to ${to}`;
  const needs = 'AuthorizeNodeWithSelectors feature requires AuthorizeWithSelectors feature to be enabled';

  it.each([
    ['NodeAuthorizerEnablePodSelectors=false', 'v1.33.13', [article]],
    ['NodeAuthorizerEnablePodSelectors=true', 'v1.34.2', [article]],
    ['NodeAuthorizerEnablePodSelectors=true', undefined, [article]],
    ['AuthorizeNodeWithSelectors=false', 'v1.34.2+rke2r1', [locked('AuthorizeNodeWithSelectors')]],
    [
      'AuthorizeWithSelectors=false,AuthorizeNodeWithSelectors=false',
      'v1.34.2',
      [locked('AuthorizeWithSelectors'), locked('AuthorizeNodeWithSelectors')],
    ],
    ['AuthorizeNodeWithSelectors=false', 'v1.36.0', [locked('AuthorizeNodeWithSelectors')]],
    ['AuthorizeWithSelectors=false', 'v1.33.13', [needs]],
    ['AuthorizeNodeWithSelectors=true,AuthorizeWithSelectors=false', 'v1.32.4', [needs]],
    ['PodDisruptionConditions=true', 'v1.34.2', ['unrecognized feature gate: PodDisruptionConditions']],
    ['WatchList', 'v1.33.13', ['missing bool value for WatchList']],
    [
      'WatchList=maybe',
      'v1.33.13',
      ['invalid value of WatchList=maybe, err: strconv.ParseBool: parsing "maybe": invalid syntax'],
    ],
  ] as const)('%s stop %s', (value, version, messages) => {
    expect(judgeGates(value, version).faults.map(({ message }) => message)).toEqual(messages);
  });

  it.each([
    ['AuthorizeNodeWithSelectors=false', 'v1.33.13'],
    ['AuthorizeNodeWithSelectors=false,AuthorizeWithSelectors=false', 'v1.33.13'],
    ['AuthorizeNodeWithSelectors=true', 'v1.34.2'],
    ['AllBeta=false', 'v1.33.13'],
    ['AuthorizeWithSelectors=false', 'v1.31.7'],
    ['AllAlpha=True, WatchList=0,', 'v1.34.2'],
    ['', 'v1.34.2'],
  ] as const)('%j let %s start', (value, version) => {
    expect(judgeGates(value, version).faults).toEqual([]);
  });

  it('of a version that is not listed are not known, but for what holds of all', () => {
    expect(judgeGates('SomeGate=true,AuthorizeNodeWithSelectors=true', 'v1.36.0')).toEqual({
      faults: [],
      unlisted: [{ gate: 'SomeGate', at: 0, decides: false }],
    });
    expect(judgeGates('SomeGate=true,AuthorizeNodeWithSelectors=true', undefined).unlisted).toMatchObject([
      { gate: 'SomeGate', decides: false },
      { gate: 'AuthorizeNodeWithSelectors', decides: false },
    ]);
  });

  it('decides by the release, where the release is not known', () => {
    expect(judgeGates('AuthorizeNodeWithSelectors=false', undefined).unlisted).toMatchObject([{ decides: true }]);
  });

  it.each<[string, string | undefined, string | undefined]>([
    ['AuthorizeNodeWithSelectors=false', '1.30', 'not-yet'],
    ['AuthorizeNodeWithSelectors=true', '1.30', 'not-yet'],
    ['AuthorizeNodeWithSelectors=false', '1.31', undefined],
    ['AuthorizeNodeWithSelectors=0', '1.33', undefined],
    ['AuthorizeNodeWithSelectors=false', '1.34', 'locked'],
    ['AuthorizeNodeWithSelectors=true', '1.34', undefined],
    ['AuthorizeWithSelectors=false', '1.31', undefined],
    ['AuthorizeWithSelectors=false', '1.32', 'dependent'],
    ['AuthorizeWithSelectors=false,AuthorizeNodeWithSelectors=false', '1.32', undefined],
    ['AuthorizeWithSelectors=F', '2.0', 'locked'],
    ['SomethingElse=false', undefined, undefined],
    ['SomethingElse', undefined, 'malformed'],
    ['SomethingElse=off', undefined, 'malformed'],
    ['NodeAuthorizerEnablePodSelectors=false', undefined, 'nonexistent'],
  ])('%s in %j: %s', (gates, release, wanted) => {
    expect(judgeGates(gates, release).faults[0]?.kind).toBe(wanted);
  });

  it('counts several arguments of one start together', () => {
    const node = 'AuthorizeNodeWithSelectors=false';
    expect(judgeGates('AuthorizeWithSelectors=false', '1.33', [node]).faults).toEqual([]);
    expect(judgeGates(node, '1.33', ['AuthorizeWithSelectors=false']).faults).toEqual([]);
    expect(judgeGates('WatchList=true', '1.33', ['AuthorizeWithSelectors=false']).faults).toEqual([]);
    expect(judgeGates('AuthorizeWithSelectors=false', '1.33', ['WatchList=true']).faults).toMatchObject([
      { kind: 'dependent' },
    ]);
  });

  it('tells where in the value a fault stands', () => {
    const { faults } = judgeGates('ContextualLogging=true, NodeAuthorizerEnablePodSelectors=true,WatchList', 'v1.34.2');
    expect(faults.map(({ at }) => at)).toEqual([24, 62]);
  });

  it('reads releases as they are written', () => {
    expect(['v1.34.2+rke2r1', '1.34', 'v1.9.0-rc.1'].map(releaseOf)).toEqual([
      [1, 34],
      [1, 34],
      [1, 9],
    ]);
    expect(['', 'latest', 'v1', '1.x'].map(releaseOf)).toEqual([undefined, undefined, undefined, undefined]);
  });
});
