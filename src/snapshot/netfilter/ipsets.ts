import { known, mapReading, type Reading } from '../../hosts/reading.ts';
import { subject } from '../subject.ts';
import { wordsOf } from './words.ts';

export interface IpSet {
  readonly name: string;
  /** hash:ip, hash:ip,port, hash:net, bitmap:port … */
  readonly type: string;
  readonly family: 'ipv4' | 'ipv6';
  /** Entries as printed, e.g. `10.53.0.1,tcp:443`; options (timeout, nomatch, comment) behind a blank. */
  readonly entries: readonly string[];
  /** Made with `netmask N`: addresses are compared by that prefix. */
  readonly netmask?: number;
}

const SAVE = ['ipset', 'save'] as const;
const MODULES = '/proc/modules';

/**
 * Reads what `ipset save` prints: `create NAME TYPE …` and `add NAME ENTRY …`. Throws, naming the line, at anything
 * else.
 */
export function parseIpsets(text: string): ReadonlyMap<string, IpSet> {
  const sets = new Map<string, IpSet & { entries: string[] }>();
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const [verb, name, third, ...options] = wordsOf(line).map((word) => word.text);
    const set = name === undefined ? undefined : sets.get(name);
    if (verb === 'create' && name !== undefined && third !== undefined) sets.set(name, created(name, third, options));
    else if (verb === 'add' && set && third !== undefined) set.entries.push([third, ...options].join(' '));
    else throw new Error(`line ${index + 1}: not a line of ipset save: ${JSON.stringify(line.slice(0, 80))}`);
  }
  return sets;
}

function created(name: string, type: string, options: readonly string[]): IpSet & { entries: string[] } {
  const after = (option: string) => {
    const at = options.indexOf(option);
    return at === -1 ? undefined : options[at + 1];
  };
  const family = after('family') === 'inet6' ? 'ipv6' : 'ipv4';
  const netmask = after('netmask');
  return { name, type, family, entries: [], ...(netmask !== undefined && { netmask: Number(netmask) }) };
}

/** Every ipset by its name. Known to be empty where the tool is absent and the kernel has not loaded ip_set. */
export const ipsets = subject<Reading<ReadonlyMap<string, IpSet>>>({
  asks: [
    { kind: 'run', argv: SAVE, onlyIf: '/sys/module/ip_set' },
    { kind: 'file', path: MODULES },
  ],
  parse(view) {
    const saved = mapReading(view.text(SAVE.join(' ')), parseIpsets);
    if (saved.known || saved.reason !== 'absent') return saved;
    const modules = view.text(MODULES);
    return modules.known && !/^ip_set /m.test(modules.value) ? known(new Map(), MODULES) : saved;
  },
});
