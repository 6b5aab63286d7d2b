import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Step } from './step.ts';
import { makeTestBed, type TestBed } from './testing/test-bed.ts';

let bed: TestBed;
const FORWARD: Step = { kind: 'setting', key: 'net/ipv4/ip_forward', value: '1' };
const LOOSE: Step = { kind: 'setting', key: 'net/ipv4/conf/all/rp_filter', value: '2' };

beforeAll(() => {
  bed = makeTestBed();
  bed.shell(`mkdir -p -m 700 ${bed.journal}`);
});
afterAll(() => bed.remove());
beforeEach(() => void bed.shell('cd /proc/sys/net/ipv4; echo 0 > ip_forward; echo 0 > conf/all/rp_filter'));

/** Words that run a program with a file system mounted at the journal's place, for it alone. */
function mounted(mount: string): string[] {
  return ['unshare', '-m', 'sh', '-euc', `${mount}; exec "$@"`, 'sh'];
}

it('changes nothing where the journal cannot be written', () => {
  const before = bed.settings();
  const prefix = mounted(`mount --bind -o ro ${bed.journal} ${bed.journal}`);
  expect(() => bed.run([FORWARD], { prefix })).toThrow(/read-only file system/);
  expect(bed.settings()).toEqual(before);
});

it('stops when the disk is full, says what stands, and undo finds it in what was written', () => {
  const before = bed.settings();
  const small = `${bed.directory}/small`;
  bed.shell(`mkdir ${small}`);
  // Two pages: room for the lock and for a journal of a page, which the second step's before-image outgrows.
  const script = `mount -t tmpfs -o size=8k none ${small}; mkdir -m 700 ${small}/j; "$@" > ${bed.directory}/report; cp ${small}/j/*.jsonl ${bed.directory}/kept.jsonl`;
  const many = Array.from({ length: 12 }, (_, index): Step => (index % 2 === 0 ? FORWARD : LOOSE));
  expect(() =>
    bed.run(many, { prefix: ['unshare', '-m', 'sh', '-euc', script, 'sh'], journal: `${small}/j` }),
  ).toThrow();
  const report = JSON.parse(readFileSync(`${bed.directory}/report`, 'utf8'));
  const results = report.steps.map((step: { result: string }) => step.result);
  expect(results).toContain('failed');
  expect(report.steps[results.indexOf('failed')].detail.en).toMatch(/no space left/i);
  expect(bed.settings()).not.toEqual(before);
  for (const name of readdirSync(bed.journal)) bed.shell(`rm ${bed.journal}/${name}`);
  bed.shell(`cp ${bed.directory}/kept.jsonl ${bed.journal}/20260101-000000-kept.jsonl`);
  expect(bed.undo()?.verified).toBe(true);
  expect(bed.settings()).toEqual(before);
});

it('reads a journal whose last line was cut, and goes on behind it', () => {
  const before = bed.settings();
  bed.run([FORWARD, LOOSE]);
  const name = readdirSync(bed.journal)
    .filter((one) => one.endsWith('.jsonl'))
    .sort()
    .at(-1) as string;
  const path = `${bed.journal}/${name}`;
  writeFileSync(path, readFileSync(path).subarray(0, -20));
  expect(bed.undo()?.verified).toBe(true);
  expect(bed.settings()).toEqual(before);
  for (const line of readFileSync(path, 'utf8').trim().split('\n')) expect(() => JSON.parse(line)).not.toThrow();
});

it('keeps journals to their owner', () => {
  bed.run([FORWARD]);
  expect(bed.shell(`stat -c %a ${bed.journal} ${bed.journal}/*.jsonl | sort -u`)).toBe('600\n700\n');
});
