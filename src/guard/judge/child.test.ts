import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { reclaimInChild } from './child.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'hayward-child-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** A program that does this in the place of `hayward leases reclaim`. */
function program(script: string) {
  const path = join(directory, 'program.mjs');
  writeFileSync(path, script);
  return { node: process.execPath, script: path };
}

const GIVEN = `process.stdout.write(JSON.stringify({ reclaimed: ['10.52.0.9'] }));`;

describe('giving leases back in a child', () => {
  it.each([0, 1, 3])('takes what came free from an answer that ends with %s', async (status) => {
    const answer = await reclaimInChild({ program: program(`${GIVEN} process.exitCode = ${status};`) });
    expect(answer).toEqual({ addresses: ['10.52.0.9'] });
  });

  it('tells why there is no answer', async () => {
    const wrong = program(`process.stderr.write('hayward: no such network\\n'); process.exitCode = 2;`);
    expect(await reclaimInChild({ program: wrong })).toEqual({ failed: 'hayward: no such network' });
  });

  it('lets it finish the step in hand when it is told to end', async () => {
    const begun = join(directory, 'begun');
    const slow = program(`import { writeFileSync } from 'node:fs';
      const lives = setInterval(() => undefined, 1_000);
      process.on('SIGTERM', () => setTimeout(() => { ${GIVEN} clearInterval(lives); process.exitCode = 1; }, 1_500));
      writeFileSync(${JSON.stringify(begun)}, '');`);
    const ending = new AbortController();
    const answer = reclaimInChild({ program: slow, signal: ending.signal });
    await vi.waitFor(() => expect(existsSync(begun)).toBe(true), { timeout: 30_000 });
    ending.abort();
    expect(await answer).toEqual({ addresses: ['10.52.0.9'] });
  });
});
