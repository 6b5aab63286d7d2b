import { spawnSync } from 'node:child_process';
import { openSync, statSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import koffi from 'koffi';
import type { Reading } from '../../hosts/reading.ts';
import type { SettingDemand } from '../demand.ts';
import { type Bpf, loadBpf } from './bpf.ts';
import type { Hold } from './hold.ts';
import { assembler } from './instructions.ts';
import { CONFIG, type Config, configBytes, LAYOUT, readConfig } from './layout.ts';
import { ONLY } from './maps.ts';
import { kernelOffsets, openHold } from './open.ts';
import { heldBy, mountPins, releaseHold, unmountPins } from './pins.ts';

/** A process of the hold's tests: reads `[call, …arguments]` line by line, answers each with a line. */

const reading = loadBpf();
if (!reading.known) throw new Error(reading.detail);
const bpf: Bpf = reading.value;
let hold: Hold | undefined;

function opened(): Hold {
  if (hold === undefined) throw new Error('not open');
  return hold;
}

/** Changes what the program goes by, behind the hold's back. */
function configure(pins: string, change: (config: Config) => Partial<Config>): void {
  const map = bpf.pinned(`${pins}/maps-${LAYOUT}/config`);
  const bytes = map === undefined ? undefined : bpf.lookup(map, ONLY, CONFIG.bytes);
  if (map === undefined || bytes === undefined) throw new Error('nothing is pinned');
  const config = readConfig(bytes);
  bpf.update(map, ONLY, configBytes({ ...config, ...change(config) }));
}

function passing(): number {
  const program = assembler();
  program.move(0, 1);
  program.exit();
  return bpf.load('passing', program.assemble());
}

/** BPF_PROG_ATTACH without flags: on a cgroup that allows no other program beside. The product never does that. */
function attachAlone(program: number, cgroup: number): void {
  const syscall = koffi.load(null).func('intptr_t syscall(long, int, uint8_t *, uint32_t)');
  const attributes = Buffer.from(new Uint32Array([cgroup, program, 18, 0]).buffer);
  if (Number(syscall(process.arch === 'x64' ? 321 : 280, 8, attributes, attributes.length)) < 0)
    throw new Error(`BPF_PROG_ATTACH: errno ${koffi.errno()}`);
}

const calls = {
  open({ cgroup, pins }: { cgroup: string; pins: string | null }): Reading<true> {
    const netns = statSync('/proc/self/ns/net').ino;
    const found = openHold({ cgroup, netns, now: () => new Date(), ...(pins !== null && { pins }) });
    if (!found.known) return found;
    hold = found.value;
    return { ...found, value: true };
  },
  set: (demands: readonly SettingDemand[]) => opened().set(demands),
  mode: (how: 'hold' | 'observe') => opened().mode(how),
  beat: () => opened().beat(),
  seen: () => opened().seen(),
  standing: () => opened().standing(),
  close: () => opened().close(),
  release: releaseHold,
  heldBy,
  offsets: (path: string) => kernelOffsets(path),
  mountPins,
  unmountPins,
  age: (pins: string, seconds: number) =>
    configure(pins, ({ beat }) => ({ beat: beat - BigInt(seconds) * 1_000_000_000n })),
  withoutReplacing: (pins: string) => configure(pins, () => ({ replaces: false })),
  attachPassing(cgroup: string, how: 'beside' | 'alone') {
    const directory = openSync(cgroup, 'r');
    if (how === 'beside') bpf.link(passing(), directory);
    else attachAlone(passing(), directory);
  },
  pinOther(pins: string, name: string) {
    const shape = { type: 'hash', keyBytes: 4, valueBytes: 4, entries: 1 } as const;
    bpf.pin(bpf.createMap('other', shape), `${pins}/maps-${LAYOUT}/${name}`);
  },
  attached: (cgroup: string) => bpf.attached(openSync(cgroup, 'r')).map(({ name }) => name),
  write: (key: string, value: string) => writeFileSync(`/proc/sys/${key}`, value),
  /** As a child of this process, which is another writer. */
  run(...argv: readonly [string, ...string[]]) {
    const { status, stdout, stderr } = spawnSync(argv[0], argv.slice(1), { encoding: 'utf8' });
    return { status, stdout, stderr };
  },
  resident: () => process.memoryUsage.rss(),
};

for await (const line of createInterface({ input: process.stdin })) {
  const [name, ...args] = JSON.parse(line) as [keyof typeof calls, ...never[]];
  try {
    const value = (calls[name] as (...args: never[]) => unknown)(...args);
    process.stdout.write(`${JSON.stringify({ value: value ?? null })}\n`);
  } catch (error) {
    process.stdout.write(`${JSON.stringify({ error: String(error) })}\n`);
  }
}
