import { afterEach, expect, it } from 'vitest';
import { localHost } from '../hosts/local.ts';
import type { Link } from '../snapshot/links.ts';
import { sessionLinks } from './session-links.ts';

const before = process.env['SSH_CONNECTION'];
afterEach(() => {
  if (before === undefined) delete process.env['SSH_CONNECTION'];
  else process.env['SSH_CONNECTION'] = before;
});

function link(name: string, more: Partial<Link> = {}): Link {
  const base = { index: 1, up: true, state: 'UP', loopback: false, mtu: 1500, mac: '', kind: '', foreignPeer: false };
  return { ...base, name, ...more };
}

it('finds the way to the client of the session, and what lies above and below it', async () => {
  process.env['SSH_CONNECTION'] = '127.0.0.1 50000 127.0.0.1 22';
  const links = [
    link('lo', { master: 'br0' }),
    link('br0', { lower: 'eth0' }),
    link('p1', { master: 'br0' }),
    link('eth9'),
  ];
  expect(await sessionLinks(localHost(), links)).toEqual(['lo', 'br0', 'eth0', 'p1']);
});

it('cannot tell where the client’s address is none', async () => {
  process.env['SSH_CONNECTION'] = '--help 1 2 3';
  expect(await sessionLinks(localHost(), [])).toBeUndefined();
});
