import { describe, expect, it } from 'vitest';
import { command } from '../../lab/command.ts';
import { type KubernetesMinor, kubePrograms } from '../../lab/kube/programs.ts';
import { judgeGates } from './gates.ts';
import { KNOWN_GATES } from './known-gates.ts';

/** What a real kube-apiserver says of its gates; it judges them first of all, and then misses arguments it cannot do without. */
async function complaints(minor: KubernetesMinor, value: string): Promise<string[]> {
  const { kubeApiserver } = await kubePrograms(minor);
  const asked = [kubeApiserver, '--etcd-servers=http://127.0.0.1:1', `--feature-gates=${value}`];
  const { stderr } = await command(asked);
  const said = /"command failed" err="(.*)"$/m.exec(stderr)?.[1]?.replaceAll('\\"', '"') ?? stderr;
  const list = /^\[(.*)\]$/.exec(said)?.[1]?.split(/, (?!err: |feature is locked)/) ?? [said];
  return list.filter((one) => /feature|bool|invalid value of/.test(one)).sort();
}

const VALUES = [
  'NodeAuthorizerEnablePodSelectors=false',
  'NodeAuthorizerEnablePodSelectors=true',
  'AuthorizeNodeWithSelectors=false',
  'AuthorizeWithSelectors=false',
  'AuthorizeWithSelectors=false,AuthorizeNodeWithSelectors=false',
  'AuthorizeWithSelectors=true,AuthorizeNodeWithSelectors=True',
  'AllBeta=false',
  'AllBeta=false,AuthorizeNodeWithSelectors=true',
  'PodDisruptionConditions=true',
  'PodDisruptionConditions=false',
  'WatchList=1, ContextualLogging=0,',
  'WatchList',
  'WatchList=maybe',
  'WatchList=true=false',
  '',
];

describe.each(['1.33', '1.34'] as const)('a real kube-apiserver %s', (minor) => {
  it.each(VALUES)('says of %j what was said before', async (value) => {
    const foretold = judgeGates(value, `v${minor}.0`).faults.map(({ message }) => message);
    expect(foretold.sort()).toEqual(await complaints(minor, value));
  });

  it('stops at the first gate it does not know, in no fixed order; each was foretold', async () => {
    const value = 'Nope=true,Never=false,AuthorizeNodeWithSelectors=false';
    const foretold = judgeGates(value, `v${minor}.0`).faults.map(({ message }) => message);
    const said = await complaints(minor, value);
    expect(said.length).toBeGreaterThan(0);
    expect(foretold).toEqual(expect.arrayContaining(said));
  });

  it('refuses exactly the locked ones of all its gates, set to their other value', async () => {
    const names = KNOWN_GATES[minor]?.trim().split(/\s+/) ?? [];
    const other = names.map((name) => `${name.replace(/[+-]$/, '')}=${!name.endsWith('+')}`).join(',');
    const foretold = judgeGates(other, `v${minor}.0`).faults.map(({ message }) => message);
    expect(foretold.length).toBeGreaterThan(30);
    const said = await complaints(minor, other);
    expect(said.filter((one) => one.startsWith('cannot set'))).toEqual(foretold.sort());
    expect(said.filter((one) => one.startsWith('unrecognized'))).toEqual([]);
  });

  it('has no gate that is not listed', async () => {
    const { kubeApiserver } = await kubePrograms(minor);
    const { stdout } = await command([kubeApiserver, '--help']);
    const open = [...stdout.matchAll(/^\s+(?:kube:)?(\w+)=true\|false \((?:ALPHA|BETA|DEPRECATED)/gm)].map(
      ([, name]) => `${name}`,
    );
    expect(open.length).toBeGreaterThan(80);
    const known = new Set(KNOWN_GATES[minor]?.trim().split(/\s+/));
    expect(open.filter((name) => !known.has(name) && !known.has(`${name}+`) && !known.has(`${name}-`))).toEqual([]);
  });
});
