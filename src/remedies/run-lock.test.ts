import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { takeLock } from './run-lock.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'hayward-lock-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

it('is held by one, and free again after', () => {
  const first = takeLock(directory);
  expect(takeLock(directory)).toEqual({ held: false, pid: process.pid });
  if (first.held) first.release();
  expect(readdirSync(directory)).toEqual([]);
  expect(takeLock(directory).held).toBe(true);
});

it('of a process that is gone is taken over', () => {
  const { pid } = spawnSync('true');
  takeLock(directory);
  const path = join(directory, 'lock');
  const mine = JSON.parse(readFileSync(path, 'utf8'));
  for (const stale of [{ ...mine, pid }, { ...mine, start: '1' }, { ...mine, bootId: 'another' }, 'nothing']) {
    writeFileSync(path, JSON.stringify(stale));
    expect(takeLock(directory).held).toBe(true);
  }
  writeFileSync(path, '');
  expect(takeLock(directory).held).toBe(true);
  expect(readdirSync(directory)).toEqual(['lock']);
});
