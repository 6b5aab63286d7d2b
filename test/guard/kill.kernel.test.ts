import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readHistory } from '../../src/guard/tell/history.ts';
import { eventually, type GuardBed, makeGuardBed } from './bed.ts';
import type { RunningGuard } from './running-guard.ts';

const HOSTILE = fileURLToPath(new URL('hostile.mjs', import.meta.url));
const HELD = 'net/ipv4/conf/lo/arp_ignore';
const POLLED = 'net/ipv4/conf/lo/arp_announce';
const KILLS = 50;

let bed: GuardBed;
beforeEach(async () => {
  bed = await makeGuardBed();
});
afterEach(() => bed.remove());

/** A guard that answers writers below /inside; others are met by its poll. */
function guard(): RunningGuard {
  const holds = ['--hold', `${HELD}=1`, '--hold', `${POLLED}=1`];
  return bed.guard(['--enforce', 'kernel', '--cgroup', `${bed.cgroup}/inside`, '--listen', 'off', ...holds], {
    below: '/inside',
  });
}

/** When a guard is killed: at any moment of its start, while it puts right for the first time, and after. */
async function comes(moment: number, running: RunningGuard): Promise<void> {
  if (moment % 5 === 3) await running.told('started');
  else if (moment % 5 === 4) await running.told('repaired');
  else await delay((moment * 73) % 700);
}

describe('a guard that is killed fifty times while others write', () => {
  it('loses nothing, and undo brings back what stood before the first', async () => {
    expect([bed.read(HELD), bed.read(POLLED)]).toEqual(['0', '0']);
    const first = guard();
    await first.ready();
    const writers = [HELD, POLLED].map((key) =>
      bed.start([process.execPath, HOSTILE, key], { below: key === HELD ? '/inside' : '/outside' }),
    );
    const reader = bed.start([process.execPath, HOSTILE, HELD, 'read'], { below: '/outside' });
    let running = first;
    for (let kill = 0; kill < KILLS; kill += 1) {
      await comes(kill, running);
      expect(await running.end('SIGKILL'), running.complaints()).toBe('SIGKILL');
      running = guard();
    }
    await running.ready();

    reader.stdin?.end();
    const seen = JSON.parse(await text(reader.stdout as NodeJS.ReadableStream)) as Record<string, number>;
    expect(Object.keys(seen), JSON.stringify(seen)).toEqual(['1']);
    expect(seen['1']).toBeGreaterThan(10_000);
    for (const writer of writers) {
      writer.stdin?.end();
      await once(writer, 'exit');
    }
    await eventually(() => bed.read(POLLED) === '1');
    expect(bed.read(HELD)).toBe('1');
    await running.end();

    expect(readdirSync(`${bed.state}/journal`).filter((name) => name !== 'lock')).toEqual([
      expect.stringMatching(/^[0-9a-f-]+\.jsonl$/),
    ]);
    expect(readHistory(`${bed.state}/guard/history.jsonl`)).toMatchObject({ unreadable: 0 });
    expect(bed.hayward(['guard', 'release']).status).toBe(0);
    expect(bed.attached()).toEqual([]);
    expect(bed.hayward(['undo', '--yes'])).toMatchObject({ status: 0 });
    expect([bed.read(HELD), bed.read(POLLED)]).toEqual(['0', '0']);
  }, 300_000);
});
