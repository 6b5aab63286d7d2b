import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Sshd, startSshd } from '../../test/sshd.ts';
import { collectMany } from '../hosts/many.ts';
import { sshHost } from '../hosts/ssh.ts';
import { snapshotOf } from '../snapshot/snapshot.ts';
import { type Candidate, preflight, preflightAsks, preflightIds } from './preflight.ts';
import type { PreflightProfile } from './preflight-profile.ts';

let first: Sshd;
let second: Sshd;
beforeAll(async () => {
  [first, second] = await Promise.all([startSshd(), startSshd()]);
});
afterAll(async () => {
  await Promise.all([first?.stop(), second?.stop()]);
});

function candidates(...servers: readonly Sshd[]): Promise<readonly Candidate[]> {
  return candidatesFor('kubekey-ipvs', ...servers);
}

async function candidatesFor(profile: PreflightProfile, ...servers: readonly Sshd[]): Promise<readonly Candidate[]> {
  const hosts = servers.map((sshd) => sshHost(sshd.destination(), { sshCommand: sshd.sshCommand }));
  const captures = await collectMany(hosts, preflightAsks(profile), { bound: 8 });
  return preflight(profile, captures.map(snapshotOf), { lang: 'en' });
}

function statusOf({ findings }: Candidate, problem: string): string[] {
  return findings.filter((finding) => finding.problem === problem).map(({ status }) => status);
}

it('judges two hosts over real ssh in one round trip each: everything is asked for, and their clocks agree', async () => {
  const both = await candidates(first, second);
  expect(both.map(({ snapshot }) => snapshot.capture.target.name)).toEqual([
    `127.0.0.1:${first.port}`,
    `127.0.0.1:${second.port}`,
  ]);
  for (const candidate of both) {
    expect(candidate.findings.filter(({ unknown }) => unknown?.reason === 'not-collected')).toEqual([]);
    expect(new Set(candidate.findings.map(({ problem }) => problem))).toEqual(new Set(preflightIds('kubekey-ipvs')));
    expect(statusOf(candidate, 'required-tools')).not.toContain('unknown');
    expect(
      candidate.findings.filter(({ problem, severity }) => problem === 'clock-skew' && severity !== 'info'),
    ).toEqual([]);
  }
});

it('a host that is gone is unknown in everything, the other is judged all the same', async () => {
  const gone = await startSshd();
  await gone.stop();
  const [alive, dead] = await candidates(first, gone);
  expect(dead?.findings.every(({ status }) => status === 'unknown')).toBe(true);
  expect(alive && statusOf(alive, 'required-tools')).not.toContain('unknown');
});

it.each(['kubeadm', 'k3s-flannel'] as const)(
  '%s: all that is judged is asked for over ssh, swap too',
  async (profile) => {
    const [candidate] = await candidatesFor(profile, first);
    expect(candidate?.findings.filter(({ unknown }) => unknown?.reason === 'not-collected')).toEqual([]);
    expect(new Set(candidate?.findings.map(({ problem }) => problem))).toEqual(new Set(preflightIds(profile)));
    if (profile === 'kubeadm') expect(candidate && statusOf(candidate, 'swap-on')).not.toContain('unknown');
  },
);
