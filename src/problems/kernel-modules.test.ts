import { describe, expect, it } from 'vitest';
import { holdings } from '../../test/holding.ts';
import { seen, snapshotWith } from '../../test/parts.ts';
import { type Reading, unknown } from '../hosts/reading.ts';
import { generic } from '../profiles/generic.ts';
import { kubekeyIpvs } from '../profiles/kubekey-ipvs.ts';
import type { Profile } from '../profiles/profile.ts';
import type { ModuleState } from '../snapshot/modules.ts';
import { kernelModules } from './kernel-modules.ts';

const reason = { en: 'IPVS balances Services', 'zh-CN': 'IPVS 负责 Service 转发' };
const profile: Profile = { ...kubekeyIpvs, modules: [{ name: 'ip_vs', reason }] };
const NONE: Profile = { ...profile, modules: [] };
const CANDIDATE: Profile = { ...generic, modules: profile.modules };

function judged(state: Reading<ModuleState>) {
  return kernelModules.check(snapshotWith({ modules: { state: () => state } }), profile);
}

describe('kernel-modules', () => {
  it.each([
    ['loaded', 'ok'],
    ['built-in', 'ok'],
    ['loadable', 'problem'],
    ['absent', 'problem'],
  ] as const)('%s is %s', (state, status) => {
    expect(judged(seen(state))).toMatchObject([{ status, subject: 'ip_vs' }]);
  });

  it('offers to load what can be loaded, and nothing where the file is missing', () => {
    const snapshot = snapshotWith({});
    const remedies = (state: 'loadable' | 'absent') =>
      kernelModules.remedies({ module: 'ip_vs', state, reason }, snapshot, profile).map(({ scope }) => scope);
    expect(remedies('loadable')).toContain('now');
    expect(remedies('absent')).toEqual([]);
  });

  it('is unknown, not missing, where /lib/modules cannot be read', () => {
    expect(judged(unknown('denied', '/lib/modules', 'Permission denied'))).toMatchObject([{ status: 'unknown' }]);
  });

  it('asks nothing of a node whose profile wants no module', () => {
    expect(kernelModules.check(snapshotWith({}), NONE)).toMatchObject([{ status: 'not-applicable' }]);
  });

  it.each([
    ['loadable', { status: 'ok' }],
    ['absent', { status: 'problem', severity: 'info' }],
  ] as const)('only notes of a machine that is no node yet that a module is %s', (state, expected) => {
    const snapshot = snapshotWith({ modules: { state: () => seen(state) } });
    expect(kernelModules.check(snapshot, CANDIDATE)).toMatchObject([expected]);
  });

  it('keeps in memory what can be loaded, and nothing of what is in the image, or missing, or of a candidate', () => {
    const kept = (state: Reading<ModuleState>, judged: Profile = profile) =>
      holdings(kernelModules, { settings: {}, parts: { modules: { state: () => state } } }, judged);
    expect(kept(seen('loaded'))).toEqual(['module ip_vs=loaded']);
    expect(kept(seen('loadable'))).toEqual(['module ip_vs=loaded']);
    expect(kept(seen('built-in'))).toEqual([]);
    expect(kept(seen('absent'))).toEqual([]);
    expect(kept(unknown('denied', '/lib/modules', 'Permission denied'))).toEqual(['unknown module ip_vs']);
    expect(kept(seen('loadable'), CANDIDATE)).toEqual([]);
  });
});
