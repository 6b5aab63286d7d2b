import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { refuseWrongDataDirs } from './known-networks.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'hayward-data-dir-'));
  mkdirSync(join(directory, 'k8s-pod-network'));
  writeFileSync(join(directory, 'k8s-pod-network', 'last_reserved_ip.0'), '10.52.0.7');
});
afterEach(() => rmSync(directory, { recursive: true }));

it('takes a data directory, empty or not', () => {
  expect(() => refuseWrongDataDirs([directory])).not.toThrow();
  expect(() => refuseWrongDataDirs()).not.toThrow();
});

it('refuses one that is not there, and one network’s, naming the directory above', () => {
  expect(() => refuseWrongDataDirs([directory, `${directory}x`])).toThrow('there is no such directory');
  const network = join(directory, 'k8s-pod-network');
  expect(() => refuseWrongDataDirs([network])).toThrow(`expected the directory above, ${directory}`);
});
