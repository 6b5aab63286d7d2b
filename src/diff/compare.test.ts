import { describe, expect, it } from 'vitest';
import { fixture } from '../../test/fixture.ts';
import { examineCapture } from '../examine.ts';
import type { Capture, Entry } from '../hosts/capture.ts';
import { compare } from './compare.ts';

const NAME = 'kubekey-debian11';

function changed(entries: Readonly<Record<string, Entry>>, more: Partial<Capture> = {}): Capture {
  const capture = fixture(NAME);
  return { ...capture, ...more, target: { name: 'other', via: 'bundle' }, entries: { ...capture.entries, ...entries } };
}

function compared(a: Capture, b: Capture) {
  return compare(examineCapture(a, { lang: 'en' }), examineCapture(b, { lang: 'en' }));
}

const ok = (text: string): Entry => ({ state: 'ok', text });

describe('compare', () => {
  it('finds nothing between a node and itself, and nothing in what differs everywhere', () => {
    const other = changed({
      '/proc/sys/net/netfilter/nf_conntrack_count': ok('7'),
      '/proc/sys/kernel/random/boot_id': ok('other\n'),
      '/proc/uptime': ok('1.0 1.0\n'),
      '/etc/hostname': ok('other\n'),
    });
    expect(compared(fixture(NAME), other)).toMatchObject({
      a: expect.any(String),
      b: 'other',
      differences: [],
      notCompared: [],
    });
  });

  it('puts the problem first, then the setting it comes of, then what a profile asks for', () => {
    const broken = fixture('kubekey-debian11-not-forwarding');
    const other = changed({ ...broken.entries, '/proc/sys/vm/swappiness': ok('60') });
    const { differences } = compared(fixture(NAME), other);
    expect(differences[0]).toMatchObject({ kind: 'finding', weight: 'critical', a: 'ok' });
    const setting = differences.findIndex(({ subject }) => subject === 'net/ipv4/ip_forward');
    expect(differences[setting]).toMatchObject({ kind: 'setting', weight: 'critical', a: '1', b: '0' });
    expect(setting).toBeLessThan(differences.findIndex(({ subject }) => subject === 'vm/swappiness'));
    const weights = differences.map(({ weight }) => ['critical', 'warning', 'info'].indexOf(weight));
    expect(weights).toEqual(weights.toSorted((x, y) => x - y));
  });

  it('tells lines that only one node’s file has, without comments, and a file that only one has', () => {
    const base = changed({ '/etc/sysctl.conf': ok('# mine\nnet.ipv4.ip_forward=1\nvm.swappiness = 1\n') });
    const other = changed({
      '/etc/sysctl.conf': ok('; yours\nvm.swappiness = 1\nnet.ipv4.ip_forward=0\n'),
      '/etc/sysctl.d/zz.conf': ok('a.b=1\n'),
    });
    const files = compared(base, other).differences.filter(
      ({ kind, subject }) => kind === 'boot' && subject.startsWith('/etc/sysctl'),
    );
    expect(files).toEqual([
      {
        kind: 'boot',
        weight: 'warning',
        subject: '/etc/sysctl.conf',
        a: 'net.ipv4.ip_forward=1',
        b: 'net.ipv4.ip_forward=0',
      },
      { kind: 'boot', weight: 'warning', subject: '/etc/sysctl.d/zz.conf', a: '', b: 'a.b=1' },
    ]);
  });

  it('takes what could not be seen for neither same nor different', () => {
    const denied = { state: 'denied', detail: 'not permitted' } as const;
    const other = changed({
      '/proc/sys/net/ipv4/ip_forward': denied,
      '/etc/sysctl.conf': denied,
      '/proc/modules': denied,
    });
    const { differences, notCompared } = compared(fixture(NAME), other);
    expect(
      differences.filter(({ subject }) => ['net/ipv4/ip_forward', '/etc/sysctl.conf', 'ip_vs'].includes(subject)),
    ).toEqual([]);
    expect(notCompared.map(({ subject }) => subject)).toEqual(
      expect.arrayContaining(['net/ipv4/ip_forward', '/etc/sysctl.conf']),
    );
  });

  it('says nothing of a node that was not reached but that', () => {
    const gone: Capture = {
      ...fixture(NAME),
      entries: {},
      globs: {},
      lists: {},
      which: {},
      unreachable: { reason: 'failed', detail: 'no answer' },
    };
    const { differences, notCompared } = compared(fixture(NAME), gone);
    expect(differences.filter(({ kind }) => kind !== 'finding')).toEqual([]);
    expect(notCompared.length).toBeGreaterThan(0);
  });
});
