import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Capture, type Entry, viewOf } from '../../hosts/capture.ts';
import { ipsets, parseIpsets } from './ipsets.ts';

const SAVED = `create KUBE-CLUSTER-IP hash:ip,port family inet hashsize 1024 maxelem 65536 bucketsize 12 initval 0x4e62
add KUBE-CLUSTER-IP 10.53.0.1,tcp:443
add KUBE-CLUSTER-IP 10.53.0.10,udp:53 timeout 3 comment "kube dns"
create six hash:net family inet6 hashsize 1024 maxelem 65536
create masked hash:ip family inet hashsize 64 maxelem 9 netmask 24
create ports bitmap:port range 0-65535
add ports 30080
`;

function readingOf(entries: Readonly<Record<string, Entry>>) {
  const target = { name: 'n', via: 'local' } as const;
  const capture: Capture = { schema: 1, target, takenAt: '', entries, globs: {}, lists: {}, which: {} };
  return ipsets.parse(viewOf(capture));
}

describe('ipset save', () => {
  it('gives sets with their types and entries', () => {
    const sets = parseIpsets(SAVED);
    expect(sets.get('KUBE-CLUSTER-IP')).toEqual({
      name: 'KUBE-CLUSTER-IP',
      type: 'hash:ip,port',
      family: 'ipv4',
      entries: ['10.53.0.1,tcp:443', '10.53.0.10,udp:53 timeout 3 comment kube dns'],
    });
    expect(sets.get('six')?.family).toBe('ipv6');
    expect(sets.get('masked')?.netmask).toBe(24);
    expect(sets.get('ports')?.entries).toEqual(['30080']);
  });

  it('is refused with the line that is none of it', () => {
    expect(() => parseIpsets('add nowhere 10.0.0.1\n')).toThrow('line 1');
    expect(() => parseIpsets(`${SAVED}what\n`)).toThrow('line 8');
  });

  it('is known to be empty without ip_set in the kernel, unknown without the tool', () => {
    const absent = { state: 'absent', detail: 'ipset: not found' } as const;
    const modules = (text: string) => ({ state: 'ok', text }) as const;
    expect(readingOf({ 'ipset save': absent, '/proc/modules': modules('br_netfilter 1 0 - Live\n') })).toMatchObject({
      known: true,
    });
    expect(readingOf({ 'ipset save': absent, '/proc/modules': modules('ip_set 1 0 - Live\n') })).toMatchObject({
      reason: 'absent',
    });
    expect(readingOf({ 'ipset save': { state: 'denied', detail: 'x' } })).toMatchObject({ reason: 'denied' });
    expect(readingOf({})).toMatchObject({ reason: 'not-collected' });
  });

  it('never throws out of the subject, whatever it says', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(readingOf({ 'ipset save': { state: 'ok', text } })).toHaveProperty('source', 'ipset save');
      }),
    );
  });
});
