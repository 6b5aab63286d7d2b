import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Step } from './step.ts';
import { makeTestBed, type TestBed } from './testing/test-bed.ts';

let bed: TestBed;

/** Several interfaces, and values that one write to `all` would level. */
const MIXED = `
  cd /proc/sys/net
  for i in all default; do echo 0 > ipv4/conf/$i/rp_filter; echo 1 > ipv4/conf/$i/accept_redirects; done
  echo 1 > ipv4/ip_forward; echo 0 > ipv4/ip_forward
  echo 1 > ipv6/conf/all/forwarding; echo 0 > ipv6/conf/all/forwarding
  echo 0 > ipv4/conf/all/accept_redirects
  echo 1 > ipv4/conf/v0/forwarding; echo 0 > ipv4/conf/v1/accept_redirects; echo 1 > ipv4/conf/v1/rp_filter
  echo 1 > ipv6/conf/v0/forwarding; echo 0 > ipv6/conf/v0/accept_ra
  echo 1 > bridge/bridge-nf-call-iptables
  ip link set dev br0 type bridge nf_call_iptables 0`;

beforeAll(() => {
  bed = makeTestBed();
  bed.shell(`ip link set lo up; ip link add v0 type veth peer name v1; ip link add br0 type bridge
    ip link add cni0 type bridge; for i in v0 v1 br0 cni0; do ip link set $i up; done`);
});
afterAll(() => bed.remove());
beforeEach(() => void bed.shell(MIXED));

const setting = (key: string, value: string): Step => ({ kind: 'setting', key, value });

/** Every key whose write changes other settings as well, and one that changes nothing else. */
const KEYS: readonly Step[] = [
  setting('net/ipv4/ip_forward', '1'),
  setting('net/ipv4/conf/all/forwarding', '1'),
  setting('net/ipv4/conf/default/forwarding', '1'),
  setting('net/ipv4/conf/default/rp_filter', '2'),
  setting('net/ipv4/conf/all/rp_filter', '2'),
  setting('net/ipv6/conf/all/forwarding', '1'),
  setting('net/ipv6/conf/default/forwarding', '1'),
  setting('net/ipv4/conf/v1/rp_filter', '0'),
  setting('net/bridge/bridge-nf-call-iptables', '0'),
];

describe('a setting', () => {
  it.each(KEYS.map((step) => [step.kind === 'setting' ? step.key : '', step] as const))(
    'leaves all of /proc/sys/net as it was after run and undo: %s',
    (_key, step) => {
      const before = bed.settings();
      expect(bed.run([step])).toMatchObject({ verified: true, steps: [{ result: 'verified' }] });
      const changed = bed.settings();
      expect(changed).not.toEqual(before);
      expect(bed.undo()).toMatchObject({ verified: true, steps: [{ result: 'undone' }] });
      expect(bed.settings()).toEqual(before);
    },
  );

  it('is not written when it is as wanted: a write of the same value would level the interfaces', () => {
    bed.shell('cd /proc/sys/net; echo 1 > ipv6/conf/all/forwarding; echo 0 > ipv6/conf/v1/forwarding');
    const before = bed.settings();
    const report = bed.run([setting('net/ipv6/conf/all/forwarding', '1')]);
    expect(report?.steps[0]?.detail.en).toContain('already');
    expect(bed.settings()).toEqual(before);
    expect(bed.undo()).toMatchObject({ verified: true, steps: [] });
    expect(bed.settings()).toEqual(before);
  });

  it('that something else changed since is left alone, and the difference told', () => {
    bed.run([setting('net/ipv4/conf/all/rp_filter', '2'), setting('net/bridge/bridge-nf-call-iptables', '0')]);
    bed.shell('echo 1 > /proc/sys/net/ipv4/conf/all/rp_filter');
    const report = bed.undo();
    expect(report?.verified).toBe(false);
    expect(report?.steps.map(({ result }) => result)).toEqual(['undone', 'failed']);
    expect(report?.steps[1]?.detail.en).toContain('/proc/sys/net/ipv4/conf/all/rp_filter: 2 → 1');
    expect(bed.shell('cat /proc/sys/net/ipv4/conf/all/rp_filter')).toBe('1\n');
    bed.shell('echo 2 > /proc/sys/net/ipv4/conf/all/rp_filter');
    expect(bed.undo()?.verified).toBe(true);
    expect(bed.shell('cat /proc/sys/net/ipv4/conf/all/rp_filter')).toBe('0\n');
  });

  it('of an interface that vanished since needs no undo', () => {
    bed.shell('ip link add gone type veth peer name gone1; echo 1 > /proc/sys/net/ipv4/conf/gone/rp_filter');
    bed.run([setting('net/ipv4/conf/gone/rp_filter', '0')]);
    bed.shell('ip link del gone');
    expect(bed.undo()).toMatchObject({ verified: true, steps: [{ result: 'undone' }] });
  });

  it('that does not exist fails and names it; what comes after it is left out', () => {
    const report = bed.run([setting('net/ipv4/conf/none/rp_filter', '0'), setting('net/ipv4/ip_forward', '1')]);
    expect(report?.steps.map(({ result }) => result)).toEqual(['failed', 'skipped']);
    expect(report?.steps[0]?.detail.en).toContain('/proc/sys/net/ipv4/conf/none/rp_filter does not exist');
    expect(bed.undo()?.verified).toBe(true);
  });

  it('that the kernel refuses fails with its word for it', () => {
    const report = bed.run([setting('net/ipv4/ip_forward', 'yes')]);
    expect(report?.steps[0]).toMatchObject({ result: 'failed' });
    expect(bed.shell('cat /proc/sys/net/ipv4/ip_forward')).toBe('0\n');
  });

  it('without the right to write it fails, and nothing stands', () => {
    bed.shell(`mkdir -p ${bed.directory}/mine && chmod 777 ${bed.directory} ${bed.directory}/mine`);
    const before = bed.settings();
    const prefix = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
    const report = bed.run([setting('net/ipv4/ip_forward', '1')], { prefix, journal: `${bed.directory}/mine/journal` });
    expect(report).toMatchObject({ verified: false, steps: [{ result: 'failed' }] });
    expect(report?.steps[0]?.detail.en).toMatch(/permission denied/i);
    expect(bed.settings()).toEqual(before);
  });
});

describe("a bridge's own switch", () => {
  const step: Step = { kind: 'bridge-setting', bridge: 'br0', name: 'nf_call_iptables', value: '1' };
  const value = () => bed.shell(`ip -d link show dev br0 | grep -o 'nf_call_iptables [01]'`).trim();

  it('is set and taken back', () => {
    expect(bed.run([step])).toMatchObject({ verified: true });
    expect(value()).toBe('nf_call_iptables 1');
    expect(bed.undo()).toMatchObject({ verified: true });
    expect(value()).toBe('nf_call_iptables 0');
  });

  it('of no bridge fails and says so', () => {
    const report = bed.run([{ ...step, bridge: 'br9' }]);
    expect(report?.steps[0]).toMatchObject({ result: 'failed', detail: { en: 'there is no bridge br9' } });
  });
});

describe('a file', () => {
  it.each([
    ['nothing', (_path: string) => undefined],
    ['another file', (path: string) => writeFileSync(path, 'before\n', { mode: 0o640 })],
    ['a link', (path: string) => symlinkSync('/dev/null', path)],
  ])('takes the place of %s, and gives it back', (_what, prepare) => {
    const path = `${bed.directory}/plain.conf`;
    prepare(path);
    const look = () =>
      bed.shell(`cd ${bed.directory}; stat -c '%n %F %a %u %g %N' plain.conf 2>&1 || :; cat plain.conf 2>&1 || :`);
    const before = look();
    expect(bed.run([{ kind: 'file', path, content: 'ours\n', mode: 0o600 }])).toMatchObject({ verified: true });
    expect(readFileSync(path, 'utf8')).toBe('ours\n');
    expect(bed.undo()).toMatchObject({ verified: true });
    expect(look()).toBe(before);
    bed.shell(`rm -f ${path}`);
  });

  it('leaves no directory behind that was made for it', () => {
    const path = `${bed.directory}/a/b/c.conf`;
    bed.run([{ kind: 'file', path, content: 'x\n', mode: 0o644 }]);
    bed.undo();
    expect(readdirSync(bed.directory)).not.toContain('a');
  });

  it('changed since is left alone, and the first different line told', () => {
    const path = `${bed.directory}/changed.conf`;
    bed.run([{ kind: 'file', path, content: 'one\ntwo\n', mode: 0o644 }]);
    writeFileSync(path, 'one\nthree\n');
    const report = bed.undo();
    expect(report?.verified).toBe(false);
    expect(report?.steps[0]?.detail.en).toContain('changed.conf:2: two → three');
    expect(readFileSync(path, 'utf8')).toBe('one\nthree\n');
  });

  it('on a read-only file system fails, says so, and what was done before it can be taken back', () => {
    mkdirSync(`${bed.directory}/etc`);
    const before = bed.settings();
    const readOnly = [
      'unshare',
      '-m',
      'sh',
      '-c',
      `mount --bind -o ro ${bed.directory}/etc ${bed.directory}/etc; exec "$@"`,
      'sh',
    ];
    const report = bed.run(
      [
        setting('net/ipv4/ip_forward', '1'),
        { kind: 'file', path: `${bed.directory}/etc/x.conf`, content: '', mode: 0o644 },
      ],
      { prefix: readOnly },
    );
    expect(report?.steps.map(({ result }) => result)).toEqual(['verified', 'failed']);
    expect(report?.steps[1]?.detail.en).toMatch(/read-only/i);
    expect(bed.undo()?.verified).toBe(true);
    expect(bed.settings()).toEqual(before);
  });
});
