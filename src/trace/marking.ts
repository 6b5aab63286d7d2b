import type { Target } from '../snapshot/netfilter/ruleset.ts';
import { andBits, type Bits, knownBits, orBits, UNKNOWN_BITS, xorBits } from './bits.ts';
import { joinStates, type PacketState } from './state.ts';

const ALL = 0xffffffff;

type Marking = Extract<Target, { kind: 'mark' | 'connmark' }>;
type Copying = Extract<Target, { kind: 'save-mark' | 'restore-mark' }>;

function marked(bits: Bits, { op, value, mask }: Pick<Marking, 'op' | 'value' | 'mask'>): Bits {
  switch (op) {
    case 'or':
      return orBits(bits, value);
    case 'and':
      return andBits(bits, value);
    case 'set':
      return orBits(andBits(bits, ~mask), value);
    case 'xor':
      return xorBits(andBits(bits, ~mask), knownBits(value));
  }
}

/** What a target changes of the marks. A packet without a connection has no connmark to set, save or restore. */
export function withMarks(state: PacketState, target: Marking | Copying): PacketState {
  if (target.kind === 'mark') return { ...state, mark: marked(state.mark, target) };
  if (state.ctState === 'INVALID' || state.ctState === 'UNTRACKED') return state;
  const changed = withConnmark(state, target);
  return state.ctState === undefined ? joinStates(state, changed) : changed;
}

function withConnmark(state: PacketState, target: Marking | Copying): PacketState {
  if (target.kind === 'save-mark') {
    const { nfmask = ALL, ctmask = ALL } = target;
    return { ...state, connmark: xorBits(andBits(state.connmark, ~ctmask), andBits(state.mark, nfmask)) };
  }
  if (target.kind === 'restore-mark') {
    const { nfmask = ALL, ctmask = ALL } = target;
    return { ...state, mark: xorBits(andBits(state.mark, ~nfmask), andBits(state.connmark, ctmask)) };
  }
  return 'op' in target ? { ...state, connmark: marked(state.connmark, target) } : state;
}

/** NOTRACK reaches only what conntrack has not taken up: packets before it, and invalid ones (net/netfilter/xt_CT.c). */
export function withoutTracking(state: PacketState): PacketState {
  return state.ctState === 'INVALID' ? { ...state, ctState: 'UNTRACKED' } : state;
}

/** After something that is not modelled: it may have set any mark. */
export function withUnknownMarks(state: PacketState): PacketState {
  return { ...state, mark: UNKNOWN_BITS, connmark: UNKNOWN_BITS };
}
