import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readRuns } from '../../remedies/interrupted.ts';
import { makeJournalDirectory, reopenJournal } from '../../remedies/journal.ts';
import { takeLock } from '../../remedies/run-lock.ts';
import type { RunRecord } from '../../remedies/run-record.ts';
import { type MemoryHost, memoryHost } from '../../remedies/testing/memory-host.ts';
import { undoRun } from '../../remedies/undo-run.ts';
import type { SettingDemand } from '../demand.ts';
import { type JournaledRepairs, journaledRepairs } from './repairs.ts';

const KEYS = ['net/ipv4/conf/eth0/rp_filter', 'net/ipv4/conf/eth1/rp_filter'] as const;
const [ONE, OTHER] = KEYS;

let directory: string;
let host: MemoryHost;
let complaints: string[];
beforeEach(() => {
  directory = join(mkdtempSync(join(tmpdir(), 'hayward-repairs-')), 'journal');
  host = memoryHost();
  complaints = [];
  for (const key of KEYS) host.settings.set(`/proc/sys/${key}`, '0');
});
afterEach(() => rmSync(join(directory, '..'), { recursive: true, force: true }));

function demand(key: string, value = '1'): SettingDemand {
  return { kind: 'setting', key, value, by: 'test', reason: { en: 'test', 'zh-CN': '测试' } };
}

/** A guard of this boot, as it starts. */
function guard(signal = new AbortController().signal): JournaledRepairs {
  const complain = ({ en }: { en: string }) => void complaints.push(en);
  return journaledRepairs({ host, directory, bootId: 'boot', tool: 'test', complain, signal });
}

const value = (key: string) => host.settings.get(`/proc/sys/${key}`);
const write = (key: string, to: string) => void host.settings.set(`/proc/sys/${key}`, to);

function runs(): readonly RunRecord[] {
  return readRuns(directory).runs;
}

async function undo(): Promise<boolean> {
  const journal = reopenJournal(directory, runs().at(-1)?.run ?? '');
  const { verified } = await undoRun(host, journal, { bootId: 'boot' });
  journal.close();
  return verified;
}

describe('journaled repairs', () => {
  it('go to the journal together, what reaches further first, each with its state before', async () => {
    const bridge = { kind: 'bridge-setting', bridge: 'br0', name: 'nf_call_iptables', value: '0' } as const;
    const { by, reason } = demand(ONE);
    host.bridges.set('br0', '1');
    const demands = [{ ...bridge, by, reason }, ...KEYS.map((key) => demand(key))];
    const repairs = guard();
    const done = await Promise.all(demands.map((one) => repairs.first(one)));
    expect(done).toEqual(demands.map(() => ({ kind: 'done' })));
    expect([...KEYS.map(value), host.bridges.get('br0')]).toEqual(['1', '1', '0']);
    expect(demands.every((one) => repairs.knows(one))).toBe(true);
    expect(runs()).toHaveLength(1);
    const [run] = runs();
    expect(run?.end).toBe('verified');
    expect(run?.steps.map(({ step: { kind }, before }) => [kind, before])).toEqual([
      ['setting', { kind: 'setting', value: '0', companions: {} }],
      ['setting', { kind: 'setting', value: '0', companions: {} }],
      ['bridge-setting', { kind: 'bridge-setting', value: '1' }],
    ]);
    expect(await undo()).toBe(true);
    expect([...KEYS.map(value), host.bridges.get('br0')]).toEqual(['0', '0', '1']);
  });

  it('are taken up by the guard that follows: what is in the journal already is written at once', async () => {
    await guard().first(demand(ONE));
    write(ONE, '7');
    const next = guard();
    expect(next.knows(demand(ONE))).toBe(false);
    expect(await next.first(demand(ONE))).toEqual({ kind: 'unjournaled' });
    expect(next.knows(demand(ONE))).toBe(true);
    expect(await next.first(demand(OTHER))).toEqual({ kind: 'done' });
    write(ONE, '1');
    expect(runs()).toHaveLength(1);
    expect(await undo()).toBe(true);
    expect([value(ONE), value(OTHER)]).toEqual(['0', '0']);
  });

  it('settle what a kill left between intent and result', async () => {
    await guard().first(demand(ONE));
    const [name = ''] = readdirSync(directory).filter((file) => file.endsWith('.jsonl'));
    const lines = readFileSync(join(directory, name), 'utf8').split('\n');
    writeFileSync(join(directory, name), `${lines.filter((line) => /"type":"(run|intent)"/.test(line)).join('\n')}\n`);
    expect(await guard().first(demand(OTHER))).toEqual({ kind: 'done' });
    expect(runs().map(({ steps }) => steps.map(({ phase }) => phase))).toEqual([['done', 'done']]);
    expect(await undo()).toBe(true);
    expect([value(ONE), value(OTHER)]).toEqual(['0', '0']);
  });

  it('do not take for theirs what somebody wrote right after', async () => {
    const { writeSetting } = host;
    host.writeSetting = async (path, to) => {
      await writeSetting(path, to);
      host.settings.set(path, '2');
    };
    const repairs = guard();
    expect(await repairs.first(demand(ONE))).toMatchObject({ kind: 'failed' });
    expect(repairs.knows(demand(ONE))).toBe(true);
    host.writeSetting = writeSetting;
    write(ONE, '1');
    expect(await undo()).toBe(true);
    expect(value(ONE)).toBe('0');
  });

  it('are journaled again once they were taken back', async () => {
    const repairs = guard();
    await repairs.first(demand(ONE));
    expect(await undo()).toBe(true);
    repairs.forget();
    expect(await repairs.first(demand(ONE))).toEqual({ kind: 'done' });
    expect(runs()).toHaveLength(2);
  });

  it('write nothing where it is as wanted already, and journal a value that is wanted anew', async () => {
    const repairs = guard();
    write(ONE, '1');
    expect(await repairs.first(demand(ONE))).toEqual({ kind: 'done' });
    expect(runs()).toEqual([]);
    await repairs.first(demand(ONE, '2'));
    await repairs.first(demand(ONE, '3'));
    expect([value(ONE), runs().length]).toEqual(['3', 1]);
    expect(await undo()).toBe(true);
    expect(value(ONE)).toBe('1');
  });

  it('wait for another run that changes the node, and not for ever when the guard is to end', async () => {
    makeJournalDirectory(directory);
    const lock = takeLock(directory);
    if (!lock.held) throw new Error('held by nobody');
    const ending = new AbortController();
    const given = guard(ending.signal).first(demand(ONE));
    ending.abort();
    expect(await given).toMatchObject({ kind: 'failed', why: expect.stringContaining(String(process.pid)) });
    const waits = guard().first(demand(ONE));
    lock.release();
    expect(await waits).toEqual({ kind: 'done' });
  });

  it('complain once of a journal that cannot be written, and leave the writing to who asked', async () => {
    writeFileSync(directory, 'a file where the directory belongs');
    const repairs = guard();
    for (const key of [ONE, OTHER]) expect(await repairs.first(demand(key))).toEqual({ kind: 'unjournaled' });
    expect([complaints.length, value(ONE)]).toEqual([1, '0']);
    rmSync(directory);
    expect(await repairs.first(demand(ONE))).toEqual({ kind: 'done' });
  });
});
