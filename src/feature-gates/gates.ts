import { KNOWN_GATES } from './known-gates.ts';

/** Why kube-apiserver does not start with a value of `--feature-gates`; its own words are in `message`. */
export interface GateFault {
  /** Empty where nothing but `=` stands before the value. */
  readonly gate: string;
  readonly kind: 'nonexistent' | 'not-yet' | 'locked' | 'dependent' | 'malformed';
  /** As kube-apiserver writes it (k8s.io/component-base featuregate/feature_gate.go). */
  readonly message: string;
  /** Where in the value the setting begins. */
  readonly at: number;
  /** The release it came with (`not-yet`), or in which its lock is known (`locked`): `1.34`. */
  readonly release?: string;
  /** What it is locked to. */
  readonly lock?: boolean;
}

/** A gate of which no list for this release is kept. */
export interface UnlistedGate {
  readonly gate: string;
  readonly at: number;
  /** In some releases it stops the start and in some it does not, and which it is nobody told. */
  readonly decides: boolean;
}

/** What can be said of one value. */
export interface GateVerdict {
  readonly faults: readonly GateFault[];
  readonly unlisted: readonly UnlistedGate[];
}

/** A Kubernetes release. */
export type Release = readonly [major: number, minor: number];

/** `v1.34.2+rke2r1`, `1.34`; undefined for what is no release. */
export function releaseOf(text: string): Release | undefined {
  const [, major, minor] = /^v?(\d{1,3})\.(\d{1,3})(?![\d])/.exec(text.trim()) ?? [];
  return major === undefined ? undefined : [Number(major), Number(minor)];
}

/** The name articles give; no release of Kubernetes has it. */
const NEVER_EXISTED = new Set(['NodeAuthorizerEnablePodSelectors']);

const NODE = 'AuthorizeNodeWithSelectors';
const ALL = 'AuthorizeWithSelectors';
/** KEP-4601: alpha and off in 1.31, beta and on in 1.32, general and locked on in 1.34 (kubernetes pkg/features/kube_features.go). */
const SELECTORS = { gates: new Set([NODE, ALL]), first: 31, onBySelf: 32, locked: 34 } as const;

/** The values strconv.ParseBool takes. */
const TRUE = /^(?:1|t|T|TRUE|true|True)$/;
const FALSE = /^(?:0|f|F|FALSE|false|False)$/;

interface Setting {
  readonly gate: string;
  readonly on: boolean;
  readonly at: number;
}

/**
 * Judges a value of `--feature-gates` (`A=true,B=false`) for a release such as `v1.34.2`; without one only what holds for all. Gates
 * are known of 1.33 and 1.34; a gate locked in 1.34 stays so until it is removed, and then is unknown: setting it the other way stops
 * every later start too. `beside` are values of further `--feature-gates` of the same start, which count together with this one.
 */
export function judgeGates(value: string, version: string | undefined, beside: readonly string[] = []): GateVerdict {
  const minor = minorOf(version);
  const settings: Setting[] = [];
  const faults: GateFault[] = [];
  const unlisted: UnlistedGate[] = [];
  for (const { text, at } of partsOf(value)) {
    const setting = settingOf(text, at);
    if ('message' in setting) {
      faults.push(setting);
      continue;
    }
    settings.push(setting);
    const judged = judgeGate(setting, minor);
    if (judged && 'message' in judged) faults.push(judged);
    else if (judged) unlisted.push(judged);
  }
  const dependent = judgeSelectors(settings, beside.flatMap(settingsIn), minor);
  return { faults: dependent ? [...faults, dependent] : faults, unlisted };
}

function settingsIn(value: string): Setting[] {
  return partsOf(value).flatMap(({ text, at }) => {
    const setting = settingOf(text, at);
    return 'message' in setting ? [] : [setting];
  });
}

/** A second major, should there be one, comes after every minor of the first: what was locked stays so. */
function minorOf(version: string | undefined): number | undefined {
  const release = releaseOf(version ?? '');
  return release && (release[0] > 1 ? Number.POSITIVE_INFINITY : release[1]);
}

function partsOf(value: string): readonly { readonly text: string; readonly at: number }[] {
  let at = 0;
  return value.split(',').flatMap((part) => {
    const own = { text: part.trim(), at: at + (part.length - part.trimStart().length) };
    at += part.length + 1;
    return own.text === '' ? [] : [own];
  });
}

function settingOf(written: string, at: number): Setting | GateFault {
  const [gate = '', text, ...more] = written.split('=').map((part) => part.trim());
  const on = text !== undefined && more.length === 0 ? boolOf(text) : undefined;
  if (on !== undefined) return { gate, on, at };
  return { gate, kind: 'malformed', message: malformed(gate, text, more), at };
}

function malformed(gate: string, text: string | undefined, more: readonly string[]): string {
  if (text === undefined) return `missing bool value for ${gate}`;
  const value = [text, ...more].join('=');
  return `invalid value of ${gate}=${value}, err: strconv.ParseBool: parsing ${JSON.stringify(value)}: invalid syntax`;
}

function boolOf(text: string): boolean | undefined {
  if (TRUE.test(text)) return true;
  return FALSE.test(text) ? false : undefined;
}

function judgeGate({ gate, on, at }: Setting, minor: number | undefined): GateFault | UnlistedGate | undefined {
  const message = `unrecognized feature gate: ${gate}`;
  if (NEVER_EXISTED.has(gate)) return { gate, kind: 'nonexistent', message, at };
  const isSelector = SELECTORS.gates.has(gate);
  if (minor === undefined) return { gate, at, decides: isSelector && !on };
  if (isSelector && minor < SELECTORS.first) return { gate, kind: 'not-yet', message, at, release: '1.31' };
  const gates = gatesOf(minor);
  if (gates && !gates.has(gate)) return { gate, kind: 'nonexistent', message, at };
  const lock = (minor > LAST ? gatesOf(LAST) : gates)?.get(gate);
  if (lock !== undefined && lock !== on) {
    const refused = `cannot set feature gate ${gate} to ${on}, feature is locked to ${lock}`;
    const since = isSelector ? SELECTORS.locked : Math.min(minor, LAST);
    return { gate, kind: 'locked', message: refused, at, release: `1.${since}`, lock };
  }
  return gates || isSelector ? undefined : { gate, at, decides: false };
}

/**
 * The node authorizer's gate, on by default since 1.32, needs the other; both can be switched before 1.34 alone
 * (pkg/controlplane/apiserver/options/validation.go, validateNodeSelectorAuthorizationFeature).
 */
function judgeSelectors(
  settings: readonly Setting[],
  beside: readonly Setting[],
  minor: number | undefined,
): GateFault | undefined {
  if (minor === undefined || minor < SELECTORS.first || minor >= SELECTORS.locked) return undefined;
  // The last of several counts; which of two arguments is the last does not matter where they agree.
  const of = (name: string): Setting | undefined => [...beside, ...settings].findLast(({ gate }) => gate === name);
  const fallback = minor >= SELECTORS.onBySelf ? (of('AllBeta')?.on ?? true) : (of('AllAlpha')?.on ?? false);
  if ((of(ALL)?.on ?? fallback) || !(of(NODE)?.on ?? fallback)) return undefined;
  // Told of the argument in which it stands.
  const cause = settings.find((one) => [of(ALL), of(NODE), of('AllBeta')].includes(one));
  const message = `${NODE} feature requires ${ALL} feature to be enabled`;
  return cause && { gate: NODE, kind: 'dependent', message, at: cause.at };
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
