import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { viewOf } from './hosts/capture.ts';
import type { Host } from './hosts/host.ts';
import { rootHost } from './hosts/root.ts';
import { leaseAsks, leasesOf } from './snapshot/leases.ts';
import { thorough } from './thorough-host.ts';

const ELSEWHERE = '/var/lib/rancher/leases';

let tree: string;
beforeEach(() => {
  tree = mkdtempSync(join(tmpdir(), 'hayward-thorough-'));
  put('/var/lib/cni/networks/old/10.0.0.2', `${'a'.repeat(64)}\r\neth0`);
  put(`${ELSEWHERE}/pods/10.52.0.2`, `${'b'.repeat(64)}\r\neth0`);
});
afterEach(() => rmSync(tree, { recursive: true, force: true }));

function put(path: string, text: string): void {
  mkdirSync(join(tree, path, '..'), { recursive: true });
  writeFileSync(join(tree, path), text);
}

function configure(dataDir?: string): void {
  const ipam = { type: 'host-local', subnet: '10.52.0.0/24', ...(dataDir !== undefined && { dataDir }) };
  put('/etc/cni/net.d/10-pods.conf', JSON.stringify({ name: 'pods', type: 'bridge', ipam }));
}

/** The host, and how often it was asked. */
function counted(host: Host): { host: Host; asked: () => number } {
  let asked = 0;
  const collect: Host['collect'] = (asks, options) => {
    asked += 1;
    return host.collect(asks, options);
  };
  return { host: { ...host, collect }, asked: () => asked };
}

it('looks into the data directory that the CNI configuration names, and keeps what it saw before', async () => {
  configure(`${ELSEWHERE}/`);
  const { host, asked } = counted(rootHost(tree));
  const capture = await thorough(host).collect([...leaseAsks(), { kind: 'file', path: '/etc/hostname' }]);
  const { look } = leasesOf(viewOf(capture));
  expect(look.leases.map(({ ip, network }) => `${network} ${ip}`).toSorted()).toEqual([
    'old 10.0.0.2',
    'pods 10.52.0.2',
  ]);
  expect(look.networks.find(({ name }) => name === 'pods')?.readable.known).toBe(true);
  expect(capture.entries['/etc/hostname']).toBeDefined();
  expect(asked()).toBe(2);
});

it.each([undefined, '/var/lib/cni/networks', 'not/absolute'])('asks once where it names %s', async (dataDir) => {
  configure(dataDir);
  const { host, asked } = counted(rootHost(tree));
  await thorough(host).collect(leaseAsks());
  expect(asked()).toBe(1);
});

it('asks once where no leases are asked for', async () => {
  configure(ELSEWHERE);
  const { host, asked } = counted(rootHost(tree));
  await thorough(host).collect([{ kind: 'files', glob: '/etc/cni/net.d/*.conf' }]);
  expect(asked()).toBe(1);
});
