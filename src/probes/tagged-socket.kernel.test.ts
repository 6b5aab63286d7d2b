import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BundledProgram } from '../../lab/bundled-program.ts';
import { bundleProbes, makeTestBed, type TestBed } from './kernel-test-bed.ts';

/** What the kernel tells beside frames, on a veth pair: sent in at one end, seen at both. */

const PROGRAM = `
import { buildEthernet } from './frames.ts';
import { framesOf, openTaggedSocket } from './tagged-socket.ts';
import { readable } from './readiness.ts';
import { libc } from '../hosts/libc.ts';
import { assembled } from './vm-network/station-filter.ts';
import { tagged } from './vm-network/packet.ts';
const returns = (operand) => assembled([{ code: 0x06, yes: 0, no: 0, operand }]);
const frame = (last) => buildEthernet({ destination: 'ff:ff:ff:ff:ff:ff', source: '02:00:00:00:00:0' + last,
  etherType: 0x88b5, payload: new Uint8Array(46).fill(last) });
const all = 0xffffffff;
const sender = await openTaggedSocket('end0', returns(all));
const beside = await openTaggedSocket('end0', returns(all));
const receiver = await openTaggedSocket('end1', returns(all));
const deaf = await openTaggedSocket('end1', returns(0));
const priority = tagged(frame(3), 1);
priority[14] = 0x60; priority[15] = 0;
for (const one of [frame(1), tagged(frame(2), 7), priority]) sender.send(one);
async function taken(socket, count) {
  const frames = [];
  while (frames.length < count) {
    await framesOf([socket, deaf], 5000);
    const more = socket.take(1);
    if (more.length === 0) break;
    frames.push(...more);
  }
  return frames.map(({ bytes, tag, outgoing }) => ({ last: bytes[bytes.length - 1], length: bytes.length, tag, outgoing }));
}
const arrived = await taken(receiver, 3);
const left = await taken(beside, 3);
receiver.filter(returns(0));
sender.send(frame(4));
// Twenty who wait for nothing do not keep the twenty-first waiting: it has a frame.
const c = await libc();
const idle = Array.from({ length: 20 }, () => readable(c, [deaf.descriptor], 1500).then(() => 'idle'));
const first = await Promise.race([...idle, readable(c, [beside.descriptor], 1500).then(() => 'ready')]);
await Promise.all(idle);
console.log(JSON.stringify({ arrived, left, own: sender.take(9).length, deaf: deaf.take(9).length,
  filtered: receiver.take(9).length, first }));
for (const socket of [sender, beside, receiver, deaf]) socket.close();
`;

let bed: TestBed;
let program: BundledProgram;

beforeAll(() => {
  bed = makeTestBed();
  program = bundleProbes(PROGRAM);
  bed.set('net.ipv6.conf.all.disable_ipv6', '1');
  bed.set('net.ipv6.conf.default.disable_ipv6', '1');
  bed.run('ip link add end0 type veth peer name end1');
  for (const link of ['end0', 'end1']) bed.run(`ip link set ${link} up`);
});

afterAll(() => {
  bed.remove();
  program.remove();
});

describe('a socket that tells tags', () => {
  it('has them beside the frame, in both directions, and the filter lets nothing else in', () => {
    const told = JSON.parse(bed.run(`${process.execPath} ${program.file}`));
    const frame = (last: number, outgoing: boolean, control?: number) => ({
      last,
      length: 60,
      outgoing,
      ...(control !== undefined && { tag: { protocol: 0x8100, control } }),
    });
    expect(told.arrived).toEqual([frame(1, false), frame(2, false, 7), frame(3, false, 0x6000)]);
    expect(told.left.map(({ last, outgoing }: { last: number; outgoing: boolean }) => [last, outgoing])).toEqual([
      [1, true],
      [2, true],
      [3, true],
    ]);
    expect(told).toMatchObject({ own: 0, deaf: 0, filtered: 0, first: 'ready' });
  });

  it('is denied without CAP_NET_RAW', () => {
    const { status, stderr } = spawnSync('setpriv', ['--bounding-set', '-net_raw', process.execPath, program.file], {
      encoding: 'utf8',
    });
    expect(status).not.toBe(0);
    expect(stderr).toContain('CAP_NET_RAW');
  });
});
