import { assert, property, string } from 'fast-check';
import { expect, test } from 'vitest';
import { commandEffects, execEffects } from './commands.ts';

const BRIDGE = 'net/bridge/bridge-nf-call-iptables';
const write = (value: string | undefined, key = BRIDGE) => ({ kind: 'write', key, value });

test.each([
  ['/sbin/sysctl -w net.bridge.bridge-nf-call-iptables=0', [write('0')]],
  [
    'sysctl -q net/bridge/bridge-nf-call-iptables=0 net.ipv4.ip_forward=1',
    [write('0'), write('1', 'net/ipv4/ip_forward')],
  ],
  ['echo 0 > /proc/sys/net/bridge/bridge-nf-call-iptables', [write('0')]],
  ["printf '1\\n' >/proc/sys/net/bridge/bridge-nf-call-iptables", [write('1')]],
  ['echo 1 | sudo tee /proc/sys/net/bridge/bridge-nf-call-iptables', [write('1')]],
  ['echo $X > /proc/sys/net/bridge/bridge-nf-call-iptables', [write(undefined)]],
  [
    `sh -c 'modprobe br_netfilter && sysctl -w ${BRIDGE}=0'`,
    [{ kind: 'load-module', name: 'br_netfilter' }, write('0')],
  ],
  ['sysctl -p', [{ kind: 'sysctl-file', path: '/etc/sysctl.conf' }]],
  ['sysctl -qp /etc/sysctl.d/a.conf', [{ kind: 'sysctl-file', path: '/etc/sysctl.d/a.conf' }]],
  ['sysctl --system', [{ kind: 'sysctl-system' }]],
  ['/usr/lib/systemd/systemd-sysctl --prefix=/net/bridge', [{ kind: 'systemd-sysctl', prefixes: ['net/bridge'] }]],
  ['systemctl restart systemd-sysctl', [{ kind: 'systemd-sysctl', prefixes: [] }]],
  [
    'modprobe -a ip_vs ip-vs-rr',
    [
      { kind: 'load-module', name: 'ip_vs' },
      { kind: 'load-module', name: 'ip_vs_rr' },
    ],
  ],
  ['modprobe -r br_netfilter', []],
  ['sysctl net.ipv4.ip_forward', []],
  ['rm -rf /var/lib/cni/networks/k8s-pod-network', []],
])('%s', (line, effects) => {
  expect(commandEffects(line)).toEqual({ effects, certain: true });
});

test('a command under a condition is uncertain', () => {
  expect(commandEffects('[ -d /proc/sys/net/bridge ] && sysctl -w net.ipv4.ip_forward=1').certain).toBe(false);
  expect(commandEffects('modprobe br_netfilter || true').certain).toBe(true);
});

test('without a shell a redirection is a word: nothing is written', () => {
  expect(execEffects('/bin/echo 0 > /proc/sys/net/ipv4/ip_forward').effects).toEqual([]);
  expect(execEffects("/bin/sh -c 'echo 0 > /proc/sys/net/ipv4/ip_forward'").effects).toEqual([
    write('0', 'net/ipv4/ip_forward'),
  ]);
});

test('never throws, whatever the line', () => {
  void assert(
    property(
      string(),
      (line) => Array.isArray(commandEffects(line).effects) && Array.isArray(execEffects(line).effects),
    ),
  );
});
