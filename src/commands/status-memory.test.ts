import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { healthy } from '../../test/cluster.ts';
import type { Access } from '../cluster/client/kubeconfig.ts';
import { judgeCluster } from '../cluster/judge.ts';
import { NO_MEMORY } from '../cluster/memory.ts';
import { memoryKeeper } from './status-memory.ts';

let state: string;
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'hayward-memory-'));
});
afterEach(() => rmSync(state, { recursive: true }));

const SECRET = 'a-key-that-is-nobodys-business';
const { memory } = judgeCluster(healthy(), { lang: 'en' });

function keeper(server = 'https://10.0.0.10:6443', HAYWARD_STATE = state) {
  const secret = { text: SECRET };
  const access: Access = { context: 'default', user: 'default', server, insecure: false, key: secret, token: secret };
  return memoryKeeper({ environment: { HAYWARD_STATE }, root: true, harvester: false }, access);
}

it('gives back what it was given, a cluster each, readable by nobody else and with nothing secret', () => {
  keeper().keep(memory);
  expect(keeper().recall().boots).toEqual(memory.boots);
  expect(keeper('https://10.0.0.20:6443').recall()).toEqual(NO_MEMORY);
  const [name = ''] = readdirSync(join(state, 'status'));
  const path = join(state, 'status', name);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readFileSync(path, 'utf8')).not.toContain(SECRET);
  expect(keeper().recall().looks).toEqual(memory.looks);
});

it('takes a damaged file for none, and replaces it', () => {
  keeper().keep(memory);
  const [name = ''] = readdirSync(join(state, 'status'));
  writeFileSync(join(state, 'status', name), '\0\0\0');
  expect(keeper().recall()).toEqual(NO_MEMORY);
  keeper().keep(memory);
  expect(keeper().recall().looks).toEqual(memory.looks);
});

it('does without where nothing can be kept', () => {
  const nowhere = keeper('https://10.0.0.10:6443', '/dev/null');
  nowhere.keep(memory);
  expect(nowhere.recall()).toEqual(NO_MEMORY);
});

it('forgets the cluster that was looked at longest ago', () => {
  const first = keeper('https://10.0.0.1:6443');
  first.keep(memory);
  const [name = ''] = readdirSync(join(state, 'status'));
  utimesSync(join(state, 'status', name), 1, 1);
  for (let port = 1; port <= 32; port++) keeper(`https://10.0.0.2:${port}`).keep(memory);
  expect(readdirSync(join(state, 'status'))).toHaveLength(32);
  expect(first.recall()).toEqual(NO_MEMORY);
});
