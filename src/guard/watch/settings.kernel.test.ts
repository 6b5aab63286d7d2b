import { execFileSync } from 'node:child_process';
import { afterAll, describe, expect, it } from 'vitest';
import type { SettingDemand } from '../demand.ts';
import { makeKeeper } from '../keep/keeper.ts';
import { enterOwnNetwork } from './kernel-test-bed.ts';
import { watchSettings } from './settings.ts';

const network = enterOwnNetwork();
const settings = watchSettings();

afterAll(() => settings.close());

describe('settings of a real kernel', () => {
  it('are read as others write them, in this namespace alone', () => {
    network.run('sysctl -qw net.ipv4.ip_forward=1');
    expect(settings.read('net/ipv4/ip_forward')).toMatchObject({ value: '1' });
    execFileSync('unshare', ['-n', 'sysctl', '-qw', 'net.ipv4.ip_forward=0']);
    expect(settings.read('net/ipv4/ip_forward')).toMatchObject({ value: '1' });
    network.run('sysctl -qw net.ipv4.ip_forward=0');
    expect(settings.read('net/ipv4/ip_forward')).toMatchObject({ value: '0' });
    expect(settings.write('net/ipv4/ip_forward', '1')).toEqual({ ok: true });
    expect(network.run('sysctl -n net.ipv4.conf.all.forwarding')).toBe('1\n');
  });

  it('are found again when an interface or a bridge is made anew under its name', () => {
    const key = 'net/ipv4/conf/vt0/rp_filter';
    for (let round = 0; round < 3; round += 1) {
      expect(settings.read(key)).toMatchObject({ known: false, reason: 'absent' });
      network.run('ip link add vt0 type veth peer name vt1');
      network.run('sysctl -qw net.ipv4.conf.vt0.rp_filter=1');
      expect(settings.read(key)).toMatchObject({ value: '1' });
      network.run('ip link del vt0');
      network.run('ip link add vt0 type bridge');
      network.run('sysctl -qw net.ipv4.conf.vt0.rp_filter=2');
      // No read in between: the descriptor is of the veth that is gone.
      expect(settings.read(key)).toMatchObject({ value: '2' });
      network.run('ip link set vt0 name vt2');
      expect(settings.read(key)).toMatchObject({ known: false, reason: 'absent' });
      network.run('ip link del vt2');
    }
  });

  it('that may only be written are denied, and a refused value says so', () => {
    expect(settings.read('net/ipv6/route/flush')).toMatchObject({ known: false, reason: 'denied' });
    expect(settings.write('net/ipv4/ip_forward', 'yes')).toEqual({
      ok: false,
      why: '/proc/sys/net/ipv4/ip_forward: Invalid argument (EINVAL)',
    });
  });
});

describe('the keeper on a real kernel', () => {
  function setting(key: string, value: string): SettingDemand {
    return { kind: 'setting', key, value, by: 'test', reason: { en: '', 'zh-CN': '' } };
  }

  it('puts right what a change of ip_forward swept away, and calls only that a drift', () => {
    network.run('ip link add vt5 type veth peer name vt6');
    const wanted = new Map([
      ['net/ipv4/conf/vt5/forwarding', '0'],
      ['net/ipv4/conf/all/accept_redirects', '1'],
      ['net/ipv4/conf/default/forwarding', '1'],
      ['net/ipv4/ip_forward', '1'],
      ['net/ipv6/conf/vt5/forwarding', '0'],
      ['net/ipv6/conf/all/forwarding', '1'],
    ]);
    const keeper = makeKeeper({ intervalMs: 100 });
    keeper.want([...wanted].map(([key, value]) => setting(key, value)));
    let ms = 0;
    function round(): readonly string[] {
      ms += 100;
      const now = { ms, at: new Date(ms) };
      for (const { key, demand } of keeper.order()) {
        if (demand.kind !== 'setting') continue;
        const action = keeper.look(key, settings.read(demand.key), now);
        if (action.do === 'repair') keeper.repaired(key, settings.write(demand.key, action.value), now);
      }
      return keeper.events().map((event) => `${event.type} ${'key' in event ? event.key : ''}`);
    }
    function values(): Map<string, string> {
      return new Map([...wanted.keys()].map((key) => [key, network.run(`sysctl -n ${key}`).trim()]));
    }

    for (const key of ['net.ipv4.ip_forward', 'net.ipv6.conf.all.forwarding']) network.run(`sysctl -qw ${key}=1`);
    while (round().length > 0);
    expect(values()).toEqual(wanted);
    for (let attack = 0; attack < 3; attack += 1) {
      network.run('sysctl -qw net.ipv4.ip_forward=0');
      expect(round()).toEqual([
        'drift net.ipv4.ip_forward',
        'repaired net.ipv4.ip_forward',
        'repaired net.ipv4.conf.all.accept_redirects',
        'repaired net.ipv4.conf.vt5.forwarding',
      ]);
      expect(values()).toEqual(wanted);
      network.run('sysctl -qw net.ipv6.conf.all.forwarding=0');
      expect(round()).toEqual([
        'drift net.ipv6.conf.all.forwarding',
        'repaired net.ipv6.conf.all.forwarding',
        'repaired net.ipv6.conf.vt5.forwarding',
      ]);
      expect(values()).toEqual(wanted);
      expect(round()).toEqual([]);
    }
    network.run('sysctl -qw net.ipv4.conf.vt5.forwarding=1');
    expect(round()).toEqual(['drift net.ipv4.conf.vt5.forwarding', 'repaired net.ipv4.conf.vt5.forwarding']);
  });
});
