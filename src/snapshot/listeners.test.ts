import { expect, it } from 'vitest';
import type { Capture, Entry } from '../hosts/capture.ts';
import { viewOf } from '../hosts/capture.ts';
import { listeners } from './listeners.ts';

const SOURCE = 'ss -H -lntup';

function read(entry: Entry) {
  const capture: Capture = {
    schema: 1,
    target: { name: 'node-1', via: 'local' },
    takenAt: '2026-03-01T12:00:00Z',
    entries: { [SOURCE]: entry },
    globs: {},
    lists: {},
    which: {},
  };
  return listeners.parse(viewOf(capture));
}

it('reads what ss prints: both families, interfaces, owners, and sockets without one', () => {
  const text = `udp   UNCONN 0      0                 0.0.0.0:8472       0.0.0.0:*
udp   UNCONN 0      0      0.0.0.0%mgmt-br:68         0.0.0.0:*    users:(("wickedd-dhcp4",pid=901,fd=11))
tcp   LISTEN 0      4096                 *:6443             *:*    users:(("kube-apiserver",pid=4711,fd=3))
tcp   LISTEN 0      128              [::1]:2112          [::]:*    users:(("a (b) \\"c",pid=7,fd=3),("d",pid=8,fd=3))

`;
  expect(read({ state: 'ok', text })).toEqual({
    known: true,
    source: SOURCE,
    value: [
      { protocol: 'udp', address: '0.0.0.0', port: 8472, program: '' },
      { protocol: 'udp', address: '0.0.0.0%mgmt-br', port: 68, program: 'wickedd-dhcp4', pid: 901 },
      { protocol: 'tcp', address: '::', port: 6443, program: 'kube-apiserver', pid: 4711 },
      { protocol: 'tcp', address: '::1', port: 2112, program: 'a (b) \\"c', pid: 7 },
    ],
  });
});

it('is known to be none where nothing listens, and not known where ss is not there or prints something else', () => {
  expect(read({ state: 'ok', text: '' })).toMatchObject({ known: true, value: [] });
  expect(read({ state: 'absent', detail: 'ss: not found' })).toMatchObject({ known: false, reason: 'absent' });
  expect(read({ state: 'ok', text: 'Usage: ss\n' })).toMatchObject({ known: false, reason: 'failed' });
});
