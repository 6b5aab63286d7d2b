import { minorOf } from '../../versions.ts';
import { KNOWN_GATES } from './known-gates.ts';

/** Why kube-apiserver does not start with a value of `--feature-gates`; its own words are in `message`. */
export interface GateFault {
  readonly gate: string;
  readonly kind: 'nonexistent' | 'locked' | 'dependent' | 'malformed';
  /** As kube-apiserver writes it (k8s.io/component-base featuregate/feature_gate.go). */
  readonly message: string;
}

/** What can be said of one value: its faults, and the gates of which no list for this version is kept. */
export interface GateVerdict {
  readonly faults: readonly GateFault[];
  readonly notKnown: readonly string[];
}

/** Gates that articles name and no version ever had. */
const NEVER_EXISTED = new Set(['NodeAuthorizerEnablePodSelectors']);

const TRUE = /^(?:1|t|T|TRUE|true|True)$/;
const FALSE = /^(?:0|f|F|FALSE|false|False)$/;

/**
 * Judges a value of `--feature-gates` (`A=true,B=false`) for a version such as `v1.34.2`; without one only what holds for all. Gates
 * are known of 1.33 and 1.34; a gate locked in 1.34 stays so until it is removed, and then is unknown: setting it the other way stops
 * every later start too.
 */
export function judgeGates(value: string, version: string | undefined): GateVerdict {
  const minor = minorOf(version);
  const set = new Map<string, boolean>();
  const faults: GateFault[] = [];
  const notKnown: string[] = [];
  for (const pair of value.split(',').map((one) => one.trim())) {
    if (pair === '') continue;
    const [gate = '', text, ...more] = pair.split('=').map((one) => one.trim());
    const on = text !== undefined && more.length === 0 ? boolOf(text) : undefined;
    if (on === undefined) {
      faults.push({ gate, kind: 'malformed', message: malformed(gate, text, more) });
      continue;
    }
    set.set(gate, on);
    const judged = judgeGate(gate, on, minor);
    if (judged === 'not-known') notKnown.push(gate);
    else if (judged) faults.push(judged);
  }
  const dependent = judgeSelectors(set, minor);
  return { faults: dependent ? [...faults, dependent] : faults, notKnown };
}

function malformed(gate: string, text: string | undefined, more: readonly string[]): string {
  if (text === undefined) return `missing bool value for ${gate}`;
  const value = [text, ...more].join('=');
  return `invalid value of ${gate}=${value}, err: strconv.ParseBool: parsing ${JSON.stringify(value)}: invalid syntax`;
}

function judgeGate(gate: string, on: boolean, minor: number | undefined): GateFault | 'not-known' | undefined {
  const nonexistent = { gate, kind: 'nonexistent', message: `unrecognized feature gate: ${gate}` } as const;
  if (NEVER_EXISTED.has(gate)) return nonexistent;
  const gates = minor === undefined ? undefined : gatesOf(minor);
  if (gates && !gates.has(gate)) return nonexistent;
  const lock = gates ? gates.get(gate) : minor !== undefined && minor > LAST ? gatesOf(LAST)?.get(gate) : undefined;
  if (lock !== undefined && lock !== on) {
    return { gate, kind: 'locked', message: `cannot set feature gate ${gate} to ${on}, feature is locked to ${lock}` };
  }
  return gates ? undefined : 'not-known';
}

/** KEP-4601: the node authorizer's gate, on by default since 1.32, needs the other; both can be switched before 1.34 alone. */
function judgeSelectors(set: ReadonlyMap<string, boolean>, minor: number | undefined): GateFault | undefined {
  if (minor === undefined || minor < 31 || minor > 33) return undefined;
  const fallback = minor >= 32 ? (set.get('AllBeta') ?? true) : (set.get('AllAlpha') ?? false);
  const selectors = set.get('AuthorizeWithSelectors') ?? fallback;
  const gate = 'AuthorizeNodeWithSelectors';
  if (selectors || !(set.get(gate) ?? fallback)) return undefined;
  const message = `${gate} feature requires AuthorizeWithSelectors feature to be enabled`;
  return { gate, kind: 'dependent', message };
}

function boolOf(text: string): boolean | undefined {
  if (TRUE.test(text)) return true;
  return FALSE.test(text) ? false : undefined;
}

const LAST = Math.max(...Object.keys(KNOWN_GATES).map((version) => Number(version.slice(2))));

/** Name → the value it is locked to, undefined where it may be set either way. */
function gatesOf(minor: number): ReadonlyMap<string, boolean | undefined> | undefined {
  const names = KNOWN_GATES[`1.${minor}`]?.trim().split(/\s+/);
  return names && new Map(names.map((name) => [name.replace(/[+-]$/, ''), lockOf(name)]));
}

function lockOf(name: string): boolean | undefined {
  if (name.endsWith('+')) return true;
  return name.endsWith('-') ? false : undefined;
}
