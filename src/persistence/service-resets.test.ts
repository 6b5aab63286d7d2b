import { assert, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BootNode, bootParts, HARVESTER_DROP_IN, rke2, service, textFiles } from '../../test/boot-parts.ts';
import { harvester } from '../profiles/harvester.ts';
import type { Profile } from '../profiles/profile.ts';
import { serviceStart } from './exec-lines.ts';
import { nextBoot } from './next-boot.ts';
import { afterBoot, afterRestart } from './service-resets.ts';

const BRIDGE = 'net/bridge/bridge-nf-call-iptables';
const RUNNING = { [BRIDGE]: '0', 'net/ipv4/ip_forward': '1' };
const POST = '/etc/systemd/system/rke2-server.service.d/override.conf';

function restarts(node: BootNode, key = BRIDGE, profile: Profile = harvester): string[] {
  return afterRestart(key, bootParts({ sysctl: RUNNING, ...node }), profile).map((restart) => {
    if (!restart.known) return `unknown: ${restart.detail}`;
    const { unit, value, window, decidedBy } = restart.value;
    return `${unit} ${value}${decidedBy ? ` ${decidedBy.file}:${decidedBy.line}` : ''}${window ? ` window ${window}` : ''}`;
  });
}

describe('afterRestart', () => {
  it('knows that RKE2 itself writes 1', () => {
    expect(restarts({ units: [rke2()] })).toEqual(['rke2-server.service 1']);
  });

  it("lets Harvester's drop-in win, from READY on", () => {
    expect(restarts({ units: [rke2(HARVESTER_DROP_IN)] })).toEqual([`rke2-server.service 0 ${POST}:6 window 1`]);
  });

  it('does not let an ExecStartPre win, nor a redirection without a shell', () => {
    const pre = '[Service]\nExecStartPre=/sbin/sysctl -w net.bridge.bridge-nf-call-iptables=0\n';
    expect(restarts({ units: [rke2(pre)] })).toEqual(['rke2-server.service 1']);
    const echo = '[Service]\nExecStartPost=/bin/echo 0 > /proc/sys/net/bridge/bridge-nf-call-iptables\n';
    expect(restarts({ units: [rke2(echo)] })).toEqual(['rke2-server.service 1']);
    const shell = '[Service]\nExecStartPost=/bin/sh -c "echo 0 > /proc/sys/net/bridge/bridge-nf-call-iptables"\n';
    expect(restarts({ units: [rke2(shell)] })).toEqual([`rke2-server.service 0 ${POST}:2 window 1`]);
  });

  it('an emptied list takes back what came before it', () => {
    expect(restarts({ units: [rke2(`${HARVESTER_DROP_IN}ExecStartPost=\n`)] })).toEqual(['rke2-server.service 1']);
  });

  it('does not guess when ExecStartPost races with the program, or has conditions', () => {
    const simple = HARVESTER_DROP_IN.replace('[Service]', '[Service]\nType=simple');
    expect(restarts({ units: [rke2(simple)] })[0]).toMatch(/^unknown: rke2-server.service leaves .* as 0 or 1/);
    const maybe = '[Service]\nExecStartPost=/bin/sh -c "[ -e /x ] && sysctl -w net.bridge.bridge-nf-call-iptables=0"\n';
    expect(restarts({ units: [rke2(maybe)] })[0]).toMatch(/^unknown: /);
  });

  it('reads what sysctl -p loads, and modprobe', () => {
    const unit = service('kubelet.service', {
      '/etc/systemd/system/kubelet.service': `[Service]\nExecStartPre=/sbin/modprobe br_netfilter\nExecStartPre=-/sbin/sysctl -p /etc/sysctl.d/k8s.conf\nExecStart=/usr/bin/kubelet\n`,
    });
    const files = { '/etc/sysctl.d/k8s.conf': '# k8s\nnet.bridge.bridge-nf-call-iptables = 1\n' };
    expect(restarts({ units: [unit], files, sysctl: {} })).toEqual(['kubelet.service 1 /etc/sysctl.d/k8s.conf:2']);
  });

  it('leaves out services that cannot start', () => {
    const masked = { ...rke2(), loadState: 'masked' };
    const off = { ...rke2(), unitFileState: 'disabled', activeState: 'inactive' };
    expect(restarts({ units: [masked, off] })).toEqual([]);
  });
});

describe('afterBoot', () => {
  it('has the service last', () => {
    const parts = bootParts({
      files: { '/etc/sysctl.d/a.conf': 'net.bridge.bridge-nf-call-iptables=0' },
      load: { '/etc/modules-load.d/a.conf': 'br_netfilter' },
      units: [rke2()],
    });
    expect(afterBoot(BRIDGE, nextBoot(parts), parts, harvester)).toMatchObject({
      value: { value: '1', service: { unit: 'rke2-server.service' } },
    });
  });

  it("has the kernel's default where nobody speaks", () => {
    const parts = bootParts({});
    expect(afterBoot('net/ipv4/ip_forward', nextBoot(parts), parts, harvester)).toMatchObject({
      value: { value: '0' },
    });
    expect(afterBoot('net/core/somaxconn', nextBoot(parts), parts, harvester)).toMatchObject({
      value: { value: undefined },
    });
  });
});

it('unit files of any content do not crash it', () => {
  void assert(
    property(string(), (text) => {
      const files = textFiles({ a: `[Service]\n${text}`, b: text });
      return serviceStart({ ...rke2(), files }).known;
    }),
  );
});
