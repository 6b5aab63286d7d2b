import { assert, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assignmentsOf, filesInForce, normalizeKey, procpsSystem, systemdSysctl } from './systemd-sysctl.ts';

const FORWARD = 'net/ipv4/ip_forward';
const filter = (device: string) => `net/ipv4/conf/${device}/rp_filter`;
const FILTERS = ['all', 'default', 'eth0', 'lo'].map(filter);

function writes(files: Readonly<Record<string, string>>, existing: readonly string[] = [FORWARD, ...FILTERS]) {
  const list = Object.entries(files).map(([path, text]) => ({ path, text }));
  return systemdSysctl({ files: list, existing }).map(
    ({ key, value, file, line }) => `${key}=${value} ${file}:${line}`,
  );
}

describe('systemdSysctl', () => {
  it('lets the last file by name win, whatever its directory', () => {
    expect(
      writes({
        '/etc/sysctl.d/10-a.conf': 'net.ipv4.ip_forward=0',
        '/usr/lib/sysctl.d/50-b.conf': 'net.ipv4.ip_forward=1',
      }),
    ).toEqual([`${FORWARD}=1 /usr/lib/sysctl.d/50-b.conf:1`]);
  });

  it('lets a file of /etc, even an empty one, hide its namesake', () => {
    const lib = { '/usr/lib/sysctl.d/50-b.conf': 'net.ipv4.ip_forward=1' };
    expect(writes({ ...lib, '/etc/sysctl.d/50-b.conf': '' })).toEqual([]);
    expect(writes({ ...lib, '/run/sysctl.d/50-b.conf': 'net.ipv4.ip_forward=0' })).toEqual([
      `${FORWARD}=0 /run/sysctl.d/50-b.conf:1`,
    ]);
  });

  it('moves a key that is given another value to the end, and leaves it where the value is the same', () => {
    const text = 'net.ipv4.conf.all.rp_filter=1\nnet.ipv4.conf.lo.rp_filter=1\nnet.ipv4.conf.all.rp_filter=';
    expect(writes({ '/etc/sysctl.d/a.conf': `${text}2` })).toEqual([
      `${filter('lo')}=1 /etc/sysctl.d/a.conf:2`,
      `${filter('all')}=2 /etc/sysctl.d/a.conf:3`,
    ]);
    expect(writes({ '/etc/sysctl.d/a.conf': `${text}1` })[0]).toBe(`${filter('all')}=1 /etc/sysctl.d/a.conf:1`);
  });

  it('never lets a glob write a key that is named, before or after it', () => {
    const text = '-net.ipv4.conf.lo.rp_filter\nnet.ipv4.conf.*.rp_filter=2\nnet.ipv4.conf.all.rp_filter = 0\n';
    expect(writes({ '/etc/sysctl.d/a.conf': text })).toEqual([
      `${filter('default')}=2 /etc/sysctl.d/a.conf:2`,
      `${filter('eth0')}=2 /etc/sysctl.d/a.conf:2`,
      `${filter('all')}=0 /etc/sysctl.d/a.conf:3`,
    ]);
  });

  it('skips a key that does not exist, and everything outside its prefixes', () => {
    const file = { path: '/etc/sysctl.d/a.conf', text: 'net.bridge.x = 0\nnet.ipv4.ip_forward = 1' };
    expect(systemdSysctl({ files: [file], existing: [FORWARD] }).map(({ key }) => key)).toEqual([FORWARD]);
    const prefixed = systemdSysctl({ files: [file], existing: [FORWARD, 'net/bridge/x'], prefixes: ['net/bridge'] });
    expect(prefixed.map(({ key }) => key)).toEqual(['net/bridge/x']);
  });

  it('reads comments, white space, dashes, junk and every kind of line end', () => {
    const text = '# a\n;b\r\n\t- net.ipv4.ip_forward \t=  1 2 \njunk\n-x\r=5\0y=';
    expect(assignmentsOf('f', text).map(({ key, value, line }) => [key, value, line])).toEqual([
      [FORWARD, '1 2', 3],
      ['x', undefined, 5],
      ['', '5', 6],
      ['y', '', 7],
    ]);
  });

  it('gives up a file at a line of a megabyte, as systemd does', () => {
    const long = 'x'.repeat(1024 * 1024);
    expect(assignmentsOf('f', `a=1\n#${long}\nb=2`).map(({ key }) => key)).toEqual(['a']);
  });

  it('sorts names by bytes', () => {
    const names = ['\u{1f980}.conf', '\uffee.conf', 'a.conf', 'B.conf', '.x.conf', 'x.conf~'];
    const files = names.map((name) => ({ path: `/etc/sysctl.d/${name}`, text: '' }));
    expect(filesInForce(files).map(({ path }) => path.slice('/etc/sysctl.d/'.length))).toEqual([
      'B.conf',
      'a.conf',
      '\uffee.conf',
      '\u{1f980}.conf',
    ]);
  });

  it('never throws, whatever the text', () => {
    void assert(property(string(), (text) => assignmentsOf('f', text).every(({ line }) => line > 0)));
  });
});

it.each([
  ['net.ipv4.conf.eth0/100.rp_filter', 'net/ipv4/conf/eth0.100/rp_filter'],
  ['net/ipv4/conf/eth0.100/rp_filter', 'net/ipv4/conf/eth0.100/rp_filter'],
  ['net.ipv4.conf.eth0.100.rp_filter', 'net/ipv4/conf/eth0/100/rp_filter'],
  ['/net//ipv4/./ip_forward/', FORWARD],
  ['net..ipv4.ip_forward', FORWARD],
])('%s means %s', (name, key) => expect(normalizeKey(name)).toBe(key));

it('sysctl --system reads /etc/sysctl.conf last of all', () => {
  const files = [{ path: '/etc/sysctl.d/zz.conf', text: 'net.ipv4.ip_forward = 1' }];
  const applied = procpsSystem({ files, existing: [FORWARD], sysctlConf: 'net.ipv4.ip_forward = 0' });
  expect(applied.map(({ value, file }) => [value, file])).toEqual([['0', '/etc/sysctl.conf']]);
});
