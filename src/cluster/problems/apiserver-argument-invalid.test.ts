import { describe, expect, it } from 'vitest';
import { absent, apiServerLook, denied, findingsOf, healthy, unanswered, wrongWith } from '../../../test/cluster.ts';
import { known } from '../../hosts/reading.ts';
import type { Argument } from '../model/machine.ts';

const ID = 'apiserver-argument-invalid';
const FILE = '/etc/rancher/rke2/config.yaml.d/50-gates.yaml';

function gates(value: string, version?: string): Argument {
  return { file: FILE, line: 2, start: 'rke2', name: 'feature-gates', value, ...(version && { version }) };
}
const given = (...argument: Argument[]) => healthy({ apiServerArguments: known(argument, FILE) });

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
