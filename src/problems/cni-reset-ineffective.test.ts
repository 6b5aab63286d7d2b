import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seen, snapshotWith } from '../../test/parts.ts';
import { type Reading, unknown } from '../hosts/reading.ts';
import { OEM_PATH, reclaimBeforeStart } from '../leases/before-start.ts';
import { generic } from '../profiles/generic.ts';
import { harvester } from '../profiles/harvester.ts';
import { cniResetIneffective } from './cni-reset-ineffective.ts';

const OWN = '/system/oem/99_cni_reset.yaml';
/** As v1.4.2 and v1.5.0 shipped it. */
const BROKEN = `name: "reset container dhcp leases"
stages:
   initramfs:
     - command:
       - rm -rf /var/lib/cni/networks/k8s-pod-network`;
/** As v1.4.3 and v1.5.1 do. */
const RIGHT = BROKEN.replace('command:', 'commands:');

function judged(files: Readonly<Record<string, Reading<string> | string>>, version: Reading<string> = seen('v1.4.2')) {
  const oem = Object.entries(files).map(([path, text]) => ({
    path,
    text: typeof text === 'string' ? seen(text) : text,
  }));
  const [judgement] = cniResetIneffective.check(snapshotWith({ harvester: { version, oem: seen(oem) } }), harvester);
  return judgement;
}

describe('cni-reset-ineffective', () => {
  it.each([
    ['with commands:', { [OWN]: RIGHT }],
    ['mended by a file of the administrator', { [OWN]: BROKEN, '/oem/99_my.yaml': RIGHT }],
  ])('is content %s', (_what, files) => {
    expect(judged(files)).toMatchObject({ status: 'ok' });
  });

  it('is content with our own stage', () => {
    const [step] = reclaimBeforeStart({ dataDirs: ['/var/lib/cni/networks'] }, harvester).steps;
    expect(judged({ [OWN]: BROKEN, [OEM_PATH]: step?.kind === 'file' ? step.content : '' })).toMatchObject({
      status: 'ok',
    });
  });

  it.each([
    ['broken', { [OWN]: BROKEN }],
    ['absent', {}],
    ['absent', { '/oem/90_custom.yaml': 'stages:\n  boot:\n    - commands:\n      - ls /var/lib/cni/networks\n' }],
    ['absent', { '/oem/90_custom.yaml': 'stages: [1]\n' }],
    ['unreadable', { [OWN]: 'stages: {initramfs: [' }],
    ['unreadable', { [OWN]: RIGHT, '/system/oem/50.yaml': 'name: [x]\n' }],
    ['late', { [OWN]: RIGHT.replace('initramfs', 'boot') }],
  ])('finds it %s', (how, files) => {
    expect(judged(files as Record<string, string>)).toMatchObject({ status: 'problem', facts: { how } });
  });

  it('names the place', () => {
    const bad = '/system/oem/50.yaml';
    expect(judged({ [OWN]: RIGHT, [bad]: '# x\nname: [x]\n' })).toMatchObject({
      facts: { path: bad },
      evidence: [{ file: bad, line: 2, value: 'does not load: name must be a text' }],
    });
    expect(judged({ [OWN]: BROKEN })).toMatchObject({
      evidence: [{ file: OWN, line: 4, value: 'initramfs: command:' }],
    });
  });

  it.each([
    ['v1.4.1', 'v1.4.3'],
    ['v1.5.0', 'v1.5.1'],
    ['v1.6.0', 'v1.6.0'],
    ['v1.3.2', undefined],
    ['master', undefined],
  ])('of %s names %s', (version, firstGood) => {
    expect(judged({ [OWN]: BROKEN }, seen(version))).toMatchObject({ facts: { firstGood } });
  });

  it('does not guess what it could not see', () => {
    const denied = unknown('denied', OWN, 'Permission denied');
    expect(judged({ [OWN]: denied })).toMatchObject({ status: 'unknown', severity: 'warning' });
    expect(judged({ [OWN]: RIGHT, '/system/oem/50.yaml': denied })).toMatchObject({ status: 'unknown' });
    expect(judged({ [OWN]: RIGHT, '/oem/50.yaml': denied })).toMatchObject({ status: 'ok' });
    expect(judged({}, denied)).toMatchObject({ status: 'unknown', severity: 'info' });
    expect(judged({}, unknown('absent', '/etc/harvester-release.yaml', 'no'))).toMatchObject({
      status: 'not-applicable',
    });
    expect(judged({ [OWN]: RIGHT.replace('- commands', "- if: '[ -f /x ]'\n       commands") })).toMatchObject({
      status: 'unknown',
      severity: 'info',
    });
  });

  it('is put right by a stage, or a unit where /etc is kept', () => {
    const facts = { version: 'v1.4.2', how: 'broken', path: OWN, stage: 'initramfs', firstGood: 'v1.4.3' } as const;
    const kinds = (profile: typeof harvester) =>
      cniResetIneffective.remedies(facts, snapshotWith({}), profile).map(({ steps }) => steps.map(({ kind }) => kind));
    expect(kinds(harvester)).toEqual([['file']]);
    expect(kinds(generic)).toEqual([['file', 'file', 'reload', 'enable-unit']]);
    // Beside a file that stops the directory, a stage of ours would not be run either.
    const lost = { ...facts, how: 'unreadable', path: '/oem/50.yaml' } as const;
    expect(cniResetIneffective.remedies(lost, snapshotWith({}), harvester)).toEqual([]);
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void judged({ [OWN]: text })));
    fc.assert(fc.property(fc.json(), (text) => void judged({ [OWN]: `stages: ${text}` })));
    const laughs = Array.from({ length: 9 }, (_, n) => `a${n + 1}: &a${n + 1}\n  <<: [${Array(9).fill(`*a${n}`)}]\n`);
    judged({ [OWN]: `a0: &a0 {x: 1}\n${laughs.join('')}stages:\n  <<: *a9\n` });
    judged({ [OWN]: 'stages: &a\n  <<: *a\n' });
  });
});
