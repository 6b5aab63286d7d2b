import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readHistory } from '../../src/guard/tell/history.ts';
import { eventually, type GuardBed, makeGuardBed } from './bed.ts';

const FORWARD = 'net.ipv4.ip_forward';

let bed: GuardBed;
beforeEach(async () => {
  bed = await makeGuardBed();
});
afterEach(() => bed.remove());

function polling(...more: readonly string[]) {
  return bed.guard(['--enforce', 'poll', '--listen', 'off', '--hold', `${FORWARD}=1`, ...more]);
}

/** It guards. */
async function repairs(guard: ReturnType<typeof polling>): Promise<void> {
  const { repairs: before } = await guard.key(FORWARD);
  bed.sh(`sysctl -qw ${FORWARD}=0`);
  await eventually(async () => (await guard.key(FORWARD)).repairs > before);
  await eventually(() => bed.read(FORWARD) === '1');
}

describe('a guard whose state is in trouble', () => {
  it.each([
    ['no JSON', '{"schema'],
    ['nothing that is a plan', 'null'],
    ['of another shape', '{"schemaVersion":1,"demands":[{"kind":"setting"}],"findings":[]}'],
  ])('sets aside a last good plan that is %s', async (_, text) => {
    mkdirSync(`${bed.state}/guard`, { recursive: true });
    writeFileSync(`${bed.state}/guard/last-good.json`, text);
    const guard = polling();
    await guard.ready();
    expect(readFileSync(`${bed.state}/guard/last-good.json.corrupt`, 'utf8')).toBe(text);
    expect(guard.complaints()).toContain('last-good.json');
    await repairs(guard);
  });

  it('goes on after a history that was cut, and one that is no text', async () => {
    mkdirSync(`${bed.state}/guard`, { recursive: true });
    writeFileSync(`${bed.state}/guard/history.jsonl`, Buffer.from([0xff, 0, 0x0a, 0x7b, 0x22]));
    const guard = polling();
    await guard.ready();
    await repairs(guard);
    const { events, unreadable } = readHistory(`${bed.state}/guard/history.jsonl`);
    expect([events.map(({ type }) => type).slice(0, 1), unreadable]).toEqual([['started'], 2]);
  });

  it('sets aside a journal that is no journal, and keeps one of its own', async () => {
    mkdirSync(`${bed.state}/journal`, { recursive: true });
    writeFileSync(`${bed.state}/journal/20200101-000000-aaaa.jsonl`, 'nonsense\nnonsense\n');
    bed.sh(`sysctl -qw ${FORWARD}=0`);
    const guard = polling();
    await guard.ready();
    expect(guard.complaints()).toContain('20200101-000000-aaaa');
    expect(readdirSync(`${bed.state}/journal`)).toContain('20200101-000000-aaaa.jsonl.corrupt');
    await guard.end();
    expect(bed.hayward(['undo', '--yes']).status).toBe(0);
    expect(bed.read(FORWARD)).toBe('0');
  });

  it.each([
    ['full', 'rw,size=64k', 'ENOSPC'],
    ['read-only', 'ro', 'EROFS'],
  ])('guards with a state directory that is %s, and says so', async (_, options, code) => {
    mkdirSync(bed.state);
    bed.sh(
      `mount -t tmpfs -o ${options} tmpfs ${bed.state}; dd if=/dev/zero of=${bed.state}/filler bs=4k 2>/dev/null || true`,
    );
    bed.sh(`sysctl -qw ${FORWARD}=0`);
    const guard = polling();
    await guard.told('started');
    await guard.told('repaired', FORWARD);
    expect(bed.read(FORWARD)).toBe('1');
    expect(guard.complaints()).toContain(code);
    bed.sh(`sysctl -qw ${FORWARD}=0`);
    await eventually(() => bed.read(FORWARD) === '1');
    expect(await guard.end()).toBe(0);
    expect(guard.complaints().split('\n').length).toBeLessThan(12);
  });

  it('goes on when the disk fills up meanwhile, and journals again when there is room', async () => {
    mkdirSync(bed.state);
    bed.sh(`mount -t tmpfs -o rw,size=256k tmpfs ${bed.state}`);
    const guard = polling();
    await guard.ready();
    bed.sh(`dd if=/dev/zero of=${bed.state}/filler bs=4k 2>/dev/null || true`);
    await repairs(guard);
    expect(bed.hayward(['journal']).stdout).not.toContain('ip_forward');
    bed.sh(`rm ${bed.state}/filler`);
    await repairs(guard);
    expect(bed.hayward(['journal']).stdout).toContain('ip_forward');
    await guard.end();
    expect(bed.sh(`tail -n 1 ${bed.state}/guard/history.jsonl`)).toContain('"stopped"');
  });

  it('takes a setting it may not read for unknown, and writes nothing there', async () => {
    // route/flush may be read by nobody, root included (net/ipv4/route.c): another is made so where the test's processes are.
    const masked = 'net/ipv4/conf/lo/arp_ignore';
    bed.sh(`mount --bind /proc/sys/net/ipv4/route/flush /proc/sys/${masked}`);
    const guard = polling('--hold', `${masked}=1`);
    await guard.ready();
    const { keys } = await guard.status();
    expect(keys.map(({ key }) => key)).toEqual([FORWARD]);
    expect(guard.events.filter(({ type }) => type === 'repaired')).toEqual([]);
    expect(existsSync(`${bed.state}/journal`)).toBe(false);
  });
});
