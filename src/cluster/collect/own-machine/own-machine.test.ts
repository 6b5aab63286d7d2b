import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { address, link } from '../../../../test/parts.ts';
import { known, unknown } from '../../../hosts/reading.ts';
import { argumentsNamed, collectArguments } from './apiserver-arguments.ts';
import { collectCertificates } from './certificates.ts';
import { carriersOf } from './host-network.ts';
import { withOwn } from './own-machine.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'hayward-own-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function put(path: string, text: string, mode = 0o644): string {
  const whole = join(root, path);
  mkdirSync(dirname(whole), { recursive: true });
  writeFileSync(whole, text, { mode });
  return whole;
}
const gates = (value: string, plus = '') =>
  `token: a-secret\nkube-apiserver-arg${plus}:\n- v=2\n- feature-gates=${value}\n`;

describe('the arguments kube-apiserver will be started with', () => {
  it('are those of the last file that has them, and what is added to them; of the version that is installed', async () => {
    put('etc/rancher/rke2/config.yaml', gates('A=true'));
    put('etc/rancher/rke2/config.yaml.d/50-b.yaml', gates('B=true'));
    put('etc/rancher/rke2/config.yaml.d/60-c.yml', gates('C=false', '+'));
    put('etc/rancher/rke2/config.yaml.d/notes.txt', 'kube-apiserver-arg: feature-gates=D=true');
    put('usr/local/bin/rke2', '#!/bin/sh\necho "rke2 version v1.34.1+rke2r1 (abc)"\necho "go version go1.24"\n', 0o755);
    const read = await collectArguments({ root });
    expect(read).toMatchObject({
      known: true,
      value: [
        { name: 'feature-gates', value: 'B=true', line: 4, start: 'rke2', version: 'v1.34.1+rke2r1' },
        { name: 'feature-gates', value: 'C=false', file: join(root, 'etc/rancher/rke2/config.yaml.d/60-c.yml') },
      ],
    });
    expect(JSON.stringify(read)).not.toContain('a-secret');
  });

  it('are those of a static Pod, by its image; what RKE2 wrote there from its configuration is said once', async () => {
    const pod = (tag: string, value: string) => `apiVersion: v1
kind: Pod
metadata: {name: kube-apiserver}
spec:
  containers:
  - name: kube-apiserver
    image: registry.example/kube-apiserver:${tag}
    command: [kube-apiserver, --feature-gates=${value}]
`;
    put('etc/kubernetes/manifests/kube-apiserver.yaml', pod('v1.34.2', 'A=true'));
    put('etc/rancher/rke2/config.yaml', gates('B=true'));
    put('var/lib/rancher/rke2/agent/pod-manifests/kube-apiserver.yaml', pod('v1.33.4-rke2r1', 'B=true'));
    const read = await collectArguments({ root });
    expect(read.known && read.value.map(({ value, version }) => [value, version])).toEqual([
      ['B=true', undefined],
      ['A=true', 'v1.34.2'],
    ]);
  });

  it('are absent where nothing is configured, none where no gate is, and not known where a file cannot be read', async () => {
    expect(await collectArguments({ root })).toMatchObject({ known: false, reason: 'absent' });
    const file = put('etc/rancher/k3s/config.yaml', 'write-kubeconfig-mode: "0600"\n');
    expect(await collectArguments({ root })).toMatchObject({ known: true, value: [] });
    put('etc/rancher/k3s/config.yaml.d/1.yaml', 'a: [\ntoken: a-secret\n');
    const broken = await collectArguments({ root });
    expect(broken).toMatchObject({ known: false, reason: 'failed', detail: expect.stringContaining('1.yaml:') });
    expect(JSON.stringify(broken)).not.toContain('a-secret');
    expect(await argumentsNamed([file])).toMatchObject({ known: true, value: [] });
    expect(await argumentsNamed([join(root, 'none')])).toMatchObject({ reason: 'absent' });
    expect(await argumentsNamed([root])).toMatchObject({ reason: 'failed', detail: `${root}: not a regular file` });
  });
});

describe('the certificates on the disk', () => {
  /** Self-signed, for a hundred years; nobody has its key. */
  const PEM = `-----BEGIN CERTIFICATE-----
MIIBezCCASGgAwIBAgIUSUcfFU1KLha65/bFPZmvUz+0taIwCgYIKoZIzj0EAwIw
EjEQMA4GA1UEAwwHc2VydmluZzAgFw0yNjExMjExODM3NDBaGA8yMTI2MTAyODE4
Mzc0MFowEjEQMA4GA1UEAwwHc2VydmluZzBZMBMGByqGSM49AgEGCCqGSM49AwEH
A0IABPbfQnrvEVkIw2e3KLgASCQ80+qL88CjHNiS/9DD024eCOb8JmHrgt8ucETy
0A9NCcahbkRDZiaZAqWKncgcxzujUzBRMB0GA1UdDgQWBBTd3iq0ZxB7l2QYLKhC
hoTHrBnicjAfBgNVHSMEGDAWgBTd3iq0ZxB7l2QYLKhChoTHrBnicjAPBgNVHRMB
Af8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIQCx5NCkteGZziu9ExPVaTafzhMe
JI7Eaf5EgGUvnadkWQIgG6ZI6F7WmJgRV4JBK3d16b/m1uWxwMYiskEMqVa9iLg=
-----END CERTIFICATE-----
`;

  it('are read of RKE2’s folders, keys never; one that cannot be read has no validity', async () => {
    put('var/lib/rancher/rke2/server/tls/serving.crt', PEM);
    put('var/lib/rancher/rke2/server/tls/serving.key', 'not read');
    chmodSync(join(root, 'var/lib/rancher/rke2/server/tls/serving.key'), 0);
    put('var/lib/rancher/rke2/agent/broken.crt', 'no certificate');
    const read = await collectCertificates(root);
    expect(read.known && read.value.map(({ place, subject, notAfter }) => [place, subject, notAfter !== ''])).toEqual([
      [join(root, 'var/lib/rancher/rke2/server/tls/serving.crt'), 'CN=serving', true],
      [join(root, 'var/lib/rancher/rke2/agent/broken.crt'), '', false],
    ]);
  });

  it('are absent where there is no such folder; one’s own is said once', async () => {
    expect(await collectCertificates(root)).toMatchObject({ known: false, reason: 'absent' });
    put('etc/kubernetes/pki/apiserver.crt', PEM);
    const files = await collectCertificates(root);
    expect(files.known && files.value).toHaveLength(1);
    expect(withOwn(files, files)).toMatchObject({ value: [{ subject: 'CN=serving' }] });
    const denied = unknown('denied', 'tls', 'no');
    expect(withOwn(denied, files)).toBe(files);
    expect(withOwn(files, denied)).toBe(files);
    expect(withOwn(denied, denied)).toBe(denied);
  });
});

describe('what carries the management address', () => {
  const VIP = { address: '10.0.0.10', hwAddress: '02:00:00:00:00:0A' };
  const mac = '02:00:00:00:00:0a';
  const macvlan = (state: string) => ({
    ...link('vip-0a1b2c3d', { kind: 'macvlan', mac }),
    state,
    up: state !== 'DOWN',
  });
  const has = (name: string) => known([address(name, '10.0.0.10/32')], 'ip address');
  it.each([
    ['the bridge', [link('mgmt-br', { kind: 'bridge' })], has('mgmt-br'), [['mgmt-br', true]]],
    ['kube-vip’s macvlan', [macvlan('UP')], has('vip-0a1b2c3d'), [['vip-0a1b2c3d', true]]],
    ['that which is down', [macvlan('DOWN')], has('vip-0a1b2c3d'), [['vip-0a1b2c3d', false]]],
    ['that whose lower device is', [macvlan('LOWERLAYERDOWN')], has('vip-0a1b2c3d'), [['vip-0a1b2c3d', false]]],
    ['that which lost it', [macvlan('UP')], known([], 'ip address'), [['vip-0a1b2c3d', false]]],
    ['not kube-proxy’s dummy', [link('kube-ipvs0', { kind: 'dummy' })], has('kube-ipvs0'), []],
    ['nobody', [link('eth0')], known([], 'ip address'), []],
  ] as const)('%s', (_what, links, addresses, wanted) => {
    const found = carriersOf('node-1', { links: known(links, 'ip link'), addresses }, VIP);
    expect(found.known && found.value.map((one) => [one.interface, one.up])).toEqual(wanted);
  });

  it('is not known where the interfaces are not', () => {
    const denied = unknown('denied', 'ip link', 'no');
    expect(carriersOf('node-1', { links: denied, addresses: has('a') }, VIP)).toBe(denied);
  });
});
