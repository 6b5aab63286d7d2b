import { ALL_BITS, parseBits, parseMark } from './marks.ts';
import type { Target } from './ruleset.ts';
import { type Option, textOf } from './words.ts';

/** Reads the options of one target; undefined when they are not understood. */
type Reader = (options: ReadonlyMap<string, string>) => Target | undefined;

/** Targets after which the packet goes on to the next rule, unchanged in everything that is modelled. */
const CONTINUE = new Set([
  'AUDIT',
  'CHECKSUM',
  'CLASSIFY',
  'CONNSECMARK',
  'CT',
  'DSCP',
  'ECN',
  'HL',
  'IDLETIMER',
  'LED',
  'LOG',
  'NFLOG',
  'RATEEST',
  'SECMARK',
  'SET',
  'TCPMSS',
  'TCPOPTSTRIP',
  'TEE',
  'TOS',
  'TRACE',
  'TTL',
  'ULOG',
]);

function marking(kind: 'mark' | 'connmark'): Reader {
  return (options) => {
    const [name, text] = [...options].find(([key]) => key.startsWith('--set-') || key.endsWith('-mark')) ?? [];
    const masked = parseMark(text);
    if (name === '--set-xmark') return masked && { kind, op: 'xor', ...masked };
    if (name === '--set-mark') return masked && { kind, op: 'set', ...masked };
    const value = parseBits(text);
    if (value === undefined) return undefined;
    if (name === '--or-mark') return { kind, op: 'or', value, mask: ALL_BITS };
    if (name === '--and-mark') return { kind, op: 'and', value, mask: ALL_BITS };
    return name === '--xor-mark' ? { kind, op: 'xor', value, mask: 0 } : undefined;
  };
}

const connmark: Reader = (options) => {
  const save = options.has('--save-mark');
  if (!save && !options.has('--restore-mark')) return marking('connmark')(options);
  const bits = (name: string) => parseBits(options.get(name) ?? options.get('--mask') ?? String(ALL_BITS));
  const [nfmask, ctmask] = [bits('--nfmask'), bits('--ctmask')];
  if (nfmask === undefined || ctmask === undefined) return undefined;
  return { kind: save ? 'save-mark' : 'restore-mark', nfmask, ctmask };
};

function rewrite(kind: 'snat' | 'masquerade' | 'dnat' | 'redirect' | 'netmap', option: string): Reader {
  return (options) => ({ kind, to: options.get(option) ?? '' });
}

const READERS: Readonly<Record<string, Reader>> = {
  ACCEPT: () => ({ kind: 'accept' }),
  DROP: () => ({ kind: 'drop' }),
  RETURN: () => ({ kind: 'return' }),
  REJECT: (options) => ({ kind: 'reject', with: options.get('--reject-with') ?? '' }),
  MARK: marking('mark'),
  CONNMARK: connmark,
  SNAT: rewrite('snat', '--to-source'),
  DNAT: rewrite('dnat', '--to-destination'),
  MASQUERADE: rewrite('masquerade', '--to-ports'),
  REDIRECT: rewrite('redirect', '--to-ports'),
  NETMAP: rewrite('netmap', '--to'),
  NOTRACK: () => ({ kind: 'notrack' }),
  CT: (options) => (options.has('--notrack') ? { kind: 'notrack' } : undefined),
};

/**
 * What a rule does, from `-j NAME …` or `-g NAME …`. A name that is a chain of the table is a jump; one that is
 * neither a chain nor a target known here is `unmodelled`. SET with `--map-set` may set the mark: not modelled.
 */
export function targetFrom(verb: Option, options: readonly Option[], isChain: (name: string) => boolean): Target {
  const name = verb.values[0] ?? '';
  const text = [verb, ...options].map(textOf).join(' ');
  if (isChain(name)) return { kind: verb.name === '-g' ? 'goto' : 'jump', chain: name };
  const values = new Map(options.map((option) => [option.name, option.values.join(' ')]));
  const target = Object.hasOwn(READERS, name) ? READERS[name]?.(values) : undefined;
  if (target) return target;
  if (CONTINUE.has(name) && !values.has('--map-set')) return { kind: 'continue', text };
  return { kind: 'unmodelled', text };
}
