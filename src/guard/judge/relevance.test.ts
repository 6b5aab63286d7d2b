import { describe, expect, it } from 'vitest';
import { fileNews, type LinkNews, linkNews, unitNews } from './relevance.ts';

function link(name: string, kind: string, more: Partial<LinkNews> = {}) {
  return linkNews({ what: 'appeared', name, kind, up: true, ...more });
}

describe('an interface makes another judgement necessary', () => {
  it.each([
    ['br1', 'bridge'],
    ['mgmt-br.100', 'vlan'],
    ['bond0', 'bond'],
    ['eno1', ''],
    ['enp1s0f0', ''],
    ['flannel.1', 'vxlan'],
    ['kube-ipvs0', 'dummy'],
    ['vm-uplink', 'veth'],
    ['wg0', 'wireguard'],
    ['br-1a2b3c4d5e6f', 'bridge'],
  ])('%s (%s) that comes or goes', (name, kind) => {
    expect(link(name, kind).relevant).toBe(true);
    expect(link(name, kind, { what: 'vanished', up: false }).relevant).toBe(true);
  });

  it('that joins, leaves, or is switched on or off', () => {
    const changed = (more: Partial<LinkNews>) => link('eth1', '', { what: 'changed', ...more });
    expect(changed({ master: 'br0', was: { up: true } })).toEqual({ relevant: true, why: 'eth1 joined br0' });
    expect(changed({ was: { up: true, master: 'br0' } })).toEqual({ relevant: true, why: 'eth1 left br0' });
    expect(changed({ was: { up: false } })).toEqual({ relevant: true, why: 'eth1 is up' });
  });

  it('of a guest where it makes a bridge pass frames on', () => {
    const port = (masterPorts: number) => link('vnet3', 'tun', { master: 'br0', masterPorts }).relevant;
    expect([1, 2, 3].map(port)).toEqual([false, true, false]);
    const moved = { what: 'changed', master: 'br0', masterPorts: 2, was: { up: true } } as const;
    expect(link('veth1a2b3c4d', 'veth', moved)).toEqual({ relevant: true, why: 'br0 has a second port' });
    expect(link('veth1a2b3c4d', 'veth', { ...moved, was: { up: false, master: 'br0' } }).relevant).toBe(false);
  });
});

describe('an interface makes none necessary', () => {
  it.each([
    ['cali0123456789a', 'veth'],
    ['veth1a2b3c4d', 'veth'],
    ['vetha1b2c3d', 'veth'],
    ['lxc12ab34cd', 'veth'],
    ['lxc_health', 'veth'],
    ['tap0', 'tun'],
    ['vnet12', 'tun'],
    ['azv1a2b3c4d', 'veth'],
    ['eni1a2b3c4d5e6', 'veth'],
    ['0a1b2c3d4e5f_h', 'veth'],
    ['coredns--1a2b3c', 'veth'],
  ])('%s (%s), a guest’s', (name, kind) => {
    expect(link(name, kind).relevant).toBe(false);
    expect(link(name, kind, { master: 'cni0', masterPorts: 30 }).relevant).toBe(false);
    expect(link(name, '', { what: 'vanished' }).relevant, 'its kind is not always told').toBe(false);
  });

  it('where nothing that decides has changed', () => {
    expect(link('eth0', '', { what: 'changed', was: { up: true } }).relevant).toBe(false);
    expect(link('eth0', '', { what: 'changed' }).relevant, 'nobody knows what it was').toBe(false);
    expect(link('lo', '').relevant).toBe(false);
  });
});

describe('a file', () => {
  it.each([
    '/etc/os-release',
    '/etc/sysctl.conf',
    '/etc/sysctl.d/90-own.conf',
    '/usr/lib/sysctl.d/50-default.conf',
    '/etc/modules-load.d/a.conf',
    '/etc/udev/rules.d/99-own.rules',
    '/etc/cni/net.d/10-canal.conflist',
    '/etc/rancher/rke2/config.yaml.d/50-own.yaml',
    '/etc/systemd/system/rke2-server.service.d/override.conf',
    '/var/lib/rancher/rke2/bin',
    '/oem/99_own.yaml',
  ])('%s matters', (path) => {
    expect(fileNews(path)).toEqual({ relevant: true, why: `${path} changed` });
  });

  it.each([
    '/etc/hosts',
    '/etc/sysctl.d/README',
    '/etc/sysctl.d/.90-own.conf.swp',
    '/etc/sysctl.d/90-own.conf~',
    '/etc/sysctl.d/4913',
    '/etc/cni/net.d/.tmp123',
    '/etc/cni/net.d/10-canal.conflist.tmp',
    '/etc/sysctl.d/deep/90-own.conf',
    '/var/lib/rancher/rke2/data',
  ])('%s does not', (path) => {
    expect(fileNews(path).relevant).toBe(false);
  });
});

describe('a service', () => {
  it.each([
    ['rke2-server.service', 'starting', true],
    ['rke2-server.service', 'started', true],
    ['rke2-agent.service', 'failed', true],
    ['kubelet.service', 'stopped', true],
    ['systemd-sysctl.service', 'started', true],
    ['systemd-sysctl.service', 'starting', false],
    ['firewalld.service', 'reloaded', true],
    ['chronyd.service', 'started', false],
    ['ssh.service', 'started', false],
  ] as const)('%s %s: %s', (unit, change, relevant) => {
    expect(unitNews(unit, change)).toEqual({ relevant, why: `${unit} ${change}` });
  });
});
