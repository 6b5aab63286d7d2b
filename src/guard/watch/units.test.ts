import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type UnitEvent, type UnitsWatch, watchUnits } from './units.ts';

let root: string;
let units: UnitsWatch | undefined;
let invocations = 0;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'hayward-units-'));
});
afterEach(() => {
  units?.close();
  rmSync(root, { recursive: true });
});

function link(unit: string): string {
  return join(root, 'units', `invocation:${unit}.service`);
}

/** As systemd does it: symlink_atomic, under another name first. */
function start(unit: string): void {
  const name = join(root, 'units', `.#invocation:${unit}.service`);
  invocations += 1;
  symlinkSync(String(invocations).padStart(32, '0'), name);
  renameSync(name, link(unit));
}

function booted(): UnitsWatch {
  for (const directory of ['system', 'units']) mkdirSync(join(root, directory));
  start('rke2-agent');
  const watch = watchUnits({ root });
  if (!watch.known) throw new Error(watch.detail);
  units = watch.value;
  return watch.value;
}

async function next(watch: UnitsWatch): Promise<readonly UnitEvent[]> {
  for (;;) {
    await wait(5);
    const events = watch.drain(0);
    if (events.length > 0) return events;
  }
}

describe('units', () => {
  it('are told when they start, start again and stop', async () => {
    const watch = booted();
    start('rke2-server');
    expect(await next(watch)).toEqual([{ unit: 'rke2-server', what: 'started' }]);
    start('rke2-server');
    expect(await next(watch)).toEqual([{ unit: 'rke2-server', what: 'started' }]);
    unlinkSync(link('rke2-server'));
    start('rke2-server');
    unlinkSync(link('rke2-agent'));
    start('cron');
    const events = [...(await next(watch))];
    while (!events.some(({ unit }) => unit === 'rke2-agent')) events.push(...(await next(watch)));
    expect(events).toContainEqual({ unit: 'rke2-server', what: 'started' });
    expect(events).toContainEqual({ unit: 'rke2-agent', what: 'stopped' });
  });

  it('of others are not told', async () => {
    const watch = booted();
    start('cron');
    start('rke2-server-helper');
    start('kubelet');
    expect(await next(watch)).toEqual([{ unit: 'kubelet', what: 'started' }]);
  });

  it('cannot be followed where systemd is not the init, or too old', () => {
    expect(watchUnits({ root })).toMatchObject({ known: false, reason: 'absent', detail: 'the init is not systemd' });
    mkdirSync(join(root, 'system'));
    expect(watchUnits({ root })).toMatchObject({ known: false, reason: 'absent', source: join(root, 'units') });
  });
});
