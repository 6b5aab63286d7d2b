import { describe, expect, it } from 'vitest';
import { pseudonyms } from './pseudonyms.ts';

const replaced = (text: string, ...names: string[]): string => pseudonyms(names).replaced(text);

describe('names of hosts', () => {
  it('are the same word throughout, with or without their domain', () => {
    const text = 'db7 db7.corp.example and DB7: kube-apiserver-db7, lease kube-node-lease/db7, db70, mydb7x';
    expect(replaced(text, 'db7')).toBe(
      'host-1 host-1 and host-1: kube-apiserver-host-1, lease kube-node-lease/host-1, db70, mydb7x',
    );
  });

  it('are not taken for one another', () => {
    expect(replaced('node-1 node-10 node-1.', 'node-1', 'node-10')).toBe('host-1 host-2 host-1.');
    expect(replaced('host-2 host-1', 'host-1', 'host-2')).toBe('host-1 host-2');
  });

  it('in URLs are found by themselves, but for a cluster’s own', () => {
    const text = 'https://rancher.corp.example/v3 https://kubernetes.default.svc https://VIP/ https://10.0.0.1:6443';
    expect(replaced(text)).toBe('https://host-1/v3 https://kubernetes.default.svc https://VIP/ https://10.0.0.1:6443');
  });

  it('that everybody’s have stay, and so does what is no name', () => {
    const text = 'default kubernetes localhost net.ipv4.ip_forward .* eth0';
    expect(replaced(text, 'default', 'kubernetes', 'localhost', '.*', 'a')).toBe(text);
  });

  it('of targets are replaced however short they are', () => {
    const names = pseudonyms(['vm']);
    expect([names.host('vm'), names.host('default'), names.host('10.0.0.1'), names.host('')]).toEqual([
      'host-1',
      'default',
      '10.0.0.1',
      '',
    ]);
  });

  it('of users are not told by their home', () => {
    expect(replaced("kubectl --kubeconfig '/home/alice/.kube/config'")).toBe(
      "kubectl --kubeconfig '/home/user/.kube/config'",
    );
  });
});

describe('addresses', () => {
  it.each([
    '10.52.0.7',
    '172.16.1.1',
    '192.168.77.11/24',
    '127.0.0.1',
    '169.254.1.1',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.18',
    'fe80::1',
    '::1',
    'fd00:42::1',
    '1.31.5+rke2r1',
    '00:11:22:33:44:55',
    '12:34:56',
    '999.1.1.1',
  ])('%s stays', (text) => expect(replaced(text)).toBe(text));

  it('of others are of the documents’ networks, the same throughout', () => {
    const names = pseudonyms([]);
    expect(names.replaced('8.8.8.8 1.1.1.1:53 8.8.8.8/32')).toBe('203.0.113.1 203.0.113.2:53 203.0.113.1/32');
    expect(names.replaced('[2400:3200::1]:443 8.8.8.8')).toBe('[2001:db8::3]:443 203.0.113.1');
    expect(names.counted()).toEqual({ hosts: 0, addresses: 3 });
  });

  it('of very many are still addresses', () => {
    const names = pseudonyms([]);
    const text = Array.from({ length: 900 }, (_, index) => `8.${index >> 8}.${index & 255}.1`).join(' ');
    for (const one of names.replaced(text).split(' '))
      expect(one).toMatch(/^(203\.0\.113|198\.51\.100|192\.0\.2)\.\d{1,3}$/);
  });
});
