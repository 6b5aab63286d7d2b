import { randomInt } from 'node:crypto';
import { type Fields, textIn } from '../snapshot/fields.ts';
import { iproute, records } from './iproute.ts';
import { addressNumber, addressText } from './octets.ts';
import { ProbeError } from './probe-error.ts';

/** First address of the upper half of 198.18.0.0/15, RFC 2544's test range; the lower half is what proxies with "fake IPs" take. */
const TEST_RANGE = 0xc6130000;
const TEST_RANGE_BLOCKS = 0x10000 / 4;

const TRIES = 32;

/** The first address of a block of four (a /30) of the test range, picked at random. */
export function randomBlock(): number {
  return TEST_RANGE + randomInt(TEST_RANGE_BLOCKS) * 4;
}

/** Three blocks of four addresses each: before the incoming interface, behind the outgoing one, and a stranger's. */
export interface TestAddresses {
  readonly near: { readonly own: string; readonly station: string };
  readonly far: { readonly own: string; readonly station: string };
  /** Its route leads out of the far interface, while its packet comes in by the near one. */
  readonly stranger: string;
}

function taken(route: Fields): { readonly first: number; readonly last: number } | undefined {
  const [, address, bits] = /^(\d+\.\d+\.\d+\.\d+)(?:\/(\d+))?$/.exec(textIn(route, 'dst') ?? '') ?? [];
  if (address === undefined) return undefined;
  const first = addressNumber(address);
  return { first, last: first + 2 ** (32 - Number(bits ?? 32)) - 1 };
}

/** Blocks of the test range that no route of any table names: ours would otherwise take somebody's traffic. */
function freeBlocks(count: number): readonly number[] {
  const routes = records(iproute('ip', ['-4', '-j', 'route', 'show', 'table', 'all', 'root', '198.18.0.0/15']));
  const ranges = routes.map(taken);
  const blocks = new Set<number>();
  for (let n = 0; n < TRIES && blocks.size < count; n += 1) {
    const block = randomBlock();
    if (ranges.every((range) => !range || range.last < block || range.first > block + 3)) blocks.add(block);
  }
  if (blocks.size < count) throw new ProbeError('failed', 'no addresses are free in the test range 198.19.0.0/16');
  return [...blocks];
}

/** Addresses for one probe. Throws a `ProbeError` when none are free. */
export function chooseAddresses(): TestAddresses {
  const [near, far, stranger] = freeBlocks(3) as [number, number, number];
  return {
    near: { own: addressText(near + 1), station: addressText(near + 2) },
    far: { own: addressText(far + 1), station: addressText(far + 2) },
    stranger: addressText(stranger + 2),
  };
}
