import { describe, expect, it } from 'vitest';
import { absent, apiServerLook, denied, findingsOf, healthy, unanswered, wrongWith } from '../../../test/cluster.ts';
import { known } from '../../hosts/reading.ts';
import type { Argument } from '../model/machine.ts';
import { judgeGates } from './apiserver-argument-invalid/gates.ts';

const ID = 'apiserver-argument-invalid';
const FILE = '/etc/rancher/rke2/config.yaml.d/50-gates.yaml';

function gates(value: string, version?: string): Argument {
  return { file: FILE, line: 2, name: 'feature-gates', value, ...(version && { version }) };
}
const given = (...argument: Argument[]) => healthy({ apiServerArguments: known(argument, FILE) });

/** Each as a real kube-apiserver 1.33.13 and 1.34.2 said it; see lab/kube/node-authorization.kube.test.ts. */
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
      notKnown: ['SomeGate', 'AuthorizeNodeWithSelectors'],
    });
  });
});

describe(ID, () => {
  const article = gates('NodeAuthorizerEnablePodSelectors=false');

  it('is found where it is written, before the restart that would fail', () => {
    const [found] = findingsOf(ID, given(article));
    expect(found).toMatchObject({
      status: 'problem',
      severity: 'warning',
      subject: 'NodeAuthorizerEnablePodSelectors',
      evidence: [{ file: FILE, line: 2, value: '--feature-gates=NodeAuthorizerEnablePodSelectors=false' }],
    });
    expect(found?.title).toContain('unrecognized feature gate: NodeAuthorizerEnablePodSelectors');
    expect(found?.impact).toContain('next restart');
    expect(wrongWith(given(article))).toEqual([ID]);
  });

  it('is found of the version the next start will have, not of the running one', () => {
    const next = given(gates('AuthorizeNodeWithSelectors=false', 'v1.34.2+rke2r1'));
    expect(findingsOf(ID, next)).toMatchObject([{ status: 'problem', subject: 'AuthorizeNodeWithSelectors' }]);
    const now = { ...next, apiServerArguments: known([gates('AuthorizeNodeWithSelectors=false')], FILE) };
    const running = apiServerLook({ version: known('v1.33.13+rke2r1', 'version') });
    expect(findingsOf(ID, { ...now, apiServers: [running] })).toMatchObject([{ status: 'ok' }]);
  });

  it('is the cause where the API server does not run', () => {
    const down = [apiServerLook({ readyz: known(unanswered('refused'), 'readyz') })];
    const snapshot = { ...given(article), apiServers: down };
    expect(findingsOf(ID, snapshot)).toMatchObject([{ severity: 'critical', phase: 'definite' }]);
    expect(wrongWith(snapshot)).toEqual([ID]);
  });

  it('is clear where gates exist and may be set, or none is', () => {
    const fine = apiServerLook({ version: known('v1.33.13', 'version') });
    expect(findingsOf(ID, { ...given(gates('WatchList=true')), apiServers: [fine] })).toMatchObject([{ status: 'ok' }]);
    expect(findingsOf(ID, given())).toMatchObject([{ status: 'ok' }]);
  });

  it('is unknown where the configuration may not be read, or the version is not listed; of no matter elsewhere', () => {
    expect(findingsOf(ID, healthy({ apiServerArguments: denied }))).toMatchObject([
      { status: 'unknown', severity: 'info' },
    ]);
    expect(findingsOf(ID, given(gates('Any=true')))).toMatchObject([
      { status: 'unknown', subject: 'Any', severity: 'info' },
    ]);
    expect(findingsOf(ID, healthy({ apiServerArguments: absent }))).toMatchObject([{ status: 'not-applicable' }]);
  });
});
