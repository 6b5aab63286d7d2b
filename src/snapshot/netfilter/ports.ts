import type { PortRange } from './ruleset.ts';

/** `80`, `80:90`, `:90`, `80:` and lists of them parted by commas, as iptables prints ports. Undefined when it is not that. */
export function parsePorts(text: string | undefined): readonly PortRange[] | undefined {
  const ranges = (text ?? '').split(',').map(parseRange);
  return ranges.every((range) => range !== undefined) ? ranges : undefined;
}

function parseRange(text: string): PortRange | undefined {
  const found = /^(\d{0,5})(:?)(\d{0,5})$/.exec(text);
  if (!found || text === '') return undefined;
  const [, low = '', colon, high = ''] = found;
  const from = low === '' ? 0 : Number(low);
  const to = colon === '' ? from : high === '' ? 65535 : Number(high);
  return to <= 65535 ? { from, to } : undefined;
}
