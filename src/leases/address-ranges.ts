import { parseAddress } from '../trace/address.ts';

interface Run {
  readonly first: string;
  last: string;
  readonly width: number;
  end: bigint;
}

/** Addresses in order, runs of three and more as `FIRST-LAST`: 250 of a /24 are a line or two. What is no address is left out. */
export function addressRanges(ips: readonly string[]): readonly string[] {
  const parsed = ips.flatMap((ip) => {
    const address = parseAddress(ip);
    return address ? [{ ip, ...address }] : [];
  });
  parsed.sort((a, b) => a.width - b.width || (a.value < b.value ? -1 : Number(a.value > b.value)));
  const runs: Run[] = [];
  for (const { ip, width, value } of parsed) {
    const run = runs.at(-1);
    if (run?.width === width && run.end + 1n === value) Object.assign(run, { last: ip, end: value });
    else runs.push({ first: ip, last: ip, width, end: value });
  }
  return runs.flatMap(asText);
}

function asText({ first, last, end }: Run): readonly string[] {
  if (first === last) return [first];
  const start = parseAddress(first)?.value ?? end;
  return end - start === 1n ? [first, last] : [`${first}-${last}`];
}
