import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDestination } from './destination.ts';
import { HostError } from './host.ts';

describe('a destination', () => {
  it.each([
    ['node1', { name: 'node1', label: 'node1' }],
    ['root@node1', { user: 'root', name: 'node1', label: 'node1' }],
    ['root@node1:2222', { user: 'root', name: 'node1', port: 2222, label: 'node1:2222' }],
    ['ops@corp@10.0.0.1', { user: 'ops@corp', name: '10.0.0.1', label: '10.0.0.1' }],
    ['[2001:db8::1]:22', { name: '2001:db8::1', port: 22, label: '[2001:db8::1]:22' }],
    ['root@[fe80::1%eth0]', { user: 'root', name: 'fe80::1%eth0', label: 'fe80::1%eth0' }],
    ['2001:db8::1', { name: '2001:db8::1', label: '2001:db8::1' }],
  ])('%s is read', (text, parsed) => {
    expect(parseDestination(text)).toEqual(parsed);
  });

  it.each([
    '',
    '@node1',
    'root@',
    ':22',
    '-oProxyCommand=id',
    'root@-oProxyCommand=id',
    '-l@node1',
    'node 1',
    'node1\n',
    'node1\u001b[31m',
    'node1;id',
    '$(id)',
    'ro`id`ot@node1',
    'node1:0',
    'node1:65536',
    'node1:ssh',
    'node1:',
    '[::1',
    '[::1]22',
    '[]:22',
    'a[b]c',
    'ssh://node1',
  ])('%j is refused in one harmless line', (text) => {
    expect(() => parseDestination(text)).toThrow(HostError);
    try {
      parseDestination(text);
    } catch (error) {
      expect(error).toMatchObject({ code: 'usage', message: expect.stringMatching(/^--host [^\u0000-\u001f]*$/) });
    }
  });

  it('never lets through what ssh or a shell would act on', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          const { user = 'root', name } = parseDestination(text);
          for (const part of [user, name]) expect(part).toMatch(/^[^-\s;$`'"|&<>()\\][^\s;$`'"|&<>()\\]*$/);
        } catch (error) {
          expect(error).toBeInstanceOf(HostError);
        }
      }),
    );
  });
});
