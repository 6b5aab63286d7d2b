import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { localHost } from '../../hosts/local.ts';
import { createJournal, type Journal } from '../journal.ts';
import { type RunReport, runPlan } from '../run-plan.ts';
import { readJournal } from '../run-record.ts';
import { standingOf } from '../standing.ts';
import type { Step } from '../step.ts';
import { remedyOf } from '../testing/test-bed.ts';
import { undoRun } from '../undo-run.ts';

const DEAD = 'd'.repeat(64);
const content = (id: string, ifName = 'eth0') => `${id}\r\n${ifName}`;

let folder: string;
let network: string;
let journal: Journal;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hayward-release-'));
  network = join(folder, 'k8s-pod-network');
  mkdirSync(network);
  mkdirSync(join(folder, 'journal'));
});
afterEach(() => {
  journal.close();
  rmSync(folder, { recursive: true });
});

const lease = (ip: string) => join(network, ip);
const release = (ip: string, more: { ifName?: string } = {}): Step => ({
  kind: 'release-lease',
  path: lease(ip),
  containerId: DEAD,
  ifName: 'eth0',
  ...more,
});

async function run(...steps: Step[]): Promise<RunReport> {
  const plan = [remedyOf(steps)];
  const target = { name: 'test', via: 'local' } as const;
  journal = createJournal(join(folder, 'journal'), { target, bootId: 'boot', tool: 'test', plan });
  return runPlan(localHost(), plan, journal);
}
const undo = () => undoRun(localHost(), journal, { bootId: 'another' });

describe('giving a lease back', () => {
  it('removes the file, keeps its content in the journal, and puts it back while the address is free', async () => {
    writeFileSync(lease('10.52.0.7'), content(DEAD), { mode: 0o600 });
    const report = await run(release('10.52.0.7'));
    expect(report).toMatchObject({ verified: true, steps: [{ result: 'verified', detail: { en: '' } }] });
    expect(existsSync(lease('10.52.0.7'))).toBe(false);
    const kept = readJournal(readFileSync(journal.path, 'utf8'));
    expect(kept).toMatchObject({ steps: [{ before: { holder: 'this', state: { mode: 0o600 } }, phase: 'done' }] });
    expect(await standingOf(localHost(), journal.steps()[0]!, true)).toBe('stands');
    expect((await undo()).verified).toBe(true);
    expect(readFileSync(lease('10.52.0.7'), 'utf8')).toBe(content(DEAD));
  });

  it('takes the legacy form, and tells it from the other', async () => {
    writeFileSync(lease('10.52.0.7'), DEAD);
    writeFileSync(lease('10.52.0.8'), content(DEAD));
    await run(release('10.52.0.7', { ifName: '' }), release('10.52.0.8', { ifName: '' }));
    expect([existsSync(lease('10.52.0.7')), existsSync(lease('10.52.0.8'))]).toEqual([false, true]);
  });

  it.each([
    ['another sandbox', content('e'.repeat(64))],
    ['another interface', content(DEAD, 'net1')],
  ])('leaves an address that by now is held by %s', async (_who, held) => {
    writeFileSync(lease('10.52.0.7'), held);
    expect((await run(release('10.52.0.7'))).verified).toBe(true);
    expect(readFileSync(lease('10.52.0.7'), 'utf8')).toBe(held);
    expect((await undo()).steps).toEqual([]);
  });

  it('does not take an address from whom it was handed to since, and says so', async () => {
    writeFileSync(lease('10.52.0.7'), content(DEAD));
    writeFileSync(lease('10.52.0.8'), content(DEAD));
    await run(release('10.52.0.7'), release('10.52.0.8'));
    writeFileSync(lease('10.52.0.7'), content('e'.repeat(64)));
    const report = await undo();
    expect(report.verified).toBe(true);
    expect(report.steps.map(({ detail }) => detail.en)).toEqual(['', expect.stringContaining('handed out again')]);
    expect(readFileSync(lease('10.52.0.7'), 'utf8')).toBe(content('e'.repeat(64)));
    expect(readFileSync(lease('10.52.0.8'), 'utf8')).toBe(content(DEAD));
  });

  it('says when the network is gone', async () => {
    writeFileSync(lease('10.52.0.7'), content(DEAD));
    await run(release('10.52.0.7'));
    rmSync(network, { recursive: true });
    expect((await undo()).steps[0]?.detail.en).toContain('is gone');
  });
});
