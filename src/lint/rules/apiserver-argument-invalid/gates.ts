/** A Kubernetes release. */
export type Release = readonly [major: number, minor: number];

/** How a gate that is set stops kube-apiserver. */
export type GateFault =
  /** No release has it. */
  | { readonly kind: 'never-existed'; readonly gate: string }
  | { readonly kind: 'not-yet'; readonly gate: string; readonly from: string }
  | { readonly kind: 'locked'; readonly gate: string; readonly from: string }
  | { readonly kind: 'needs'; readonly gate: string; readonly other: string }
  | { readonly kind: 'not-a-setting'; readonly text: string };

export type GateVerdict =
  | { readonly kind: 'fine' }
  | { readonly kind: 'fault'; readonly fault: GateFault }
  /** It depends on the release, which nobody told: what it does in which. */
  | { readonly kind: 'depends'; readonly gate: string };

/** One `Name=true` of a list, and where in the text it begins. */
export interface Setting {
  readonly text: string;
  readonly at: number;
}

/** The name articles give; no release of Kubernetes has it. */
const INVENTED = 'NodeAuthorizerEnablePodSelectors';
const NODE = 'AuthorizeNodeWithSelectors';
const ALL = 'AuthorizeWithSelectors';

/** Both gates of KEP-4601: alpha and off in 1.31, beta and on in 1.32, general and locked on in 1.34 (kubernetes pkg/features/kube_features.go). */
const FIRST: Release = [1, 31];
const LOCKED: Release = [1, 34];

/** The values strconv.ParseBool takes. */
const TRUE = /^(1|t|T|true|TRUE|True)$/;
const FALSE = /^(0|f|F|false|FALSE|False)$/;

/** The settings of a `--feature-gates` value, parted by commas. */
export function settingsIn(value: string): readonly Setting[] {
  let at = 0;
  return value.split(',').flatMap((part) => {
    const setting = { text: part.trim(), at: at + (part.length - part.trimStart().length) };
    at += part.length + 1;
    return setting.text === '' ? [] : [setting];
  });
}

/** Judges one setting among all of its list, for a release where that is known. */
export function judgeGate({ text }: Setting, all: readonly Setting[], release: Release | undefined): GateVerdict {
  const [gate = '', value] = text.split('=').map((part) => part.trim());
  if (gate === INVENTED) return { kind: 'fault', fault: { kind: 'never-existed', gate } };
  if (value === undefined || !(TRUE.test(value) || FALSE.test(value))) {
    return { kind: 'fault', fault: { kind: 'not-a-setting', text } };
  }
  if (gate !== NODE && gate !== ALL) return { kind: 'fine' };
  const off = FALSE.test(value);
  if (!release) return off ? { kind: 'depends', gate } : { kind: 'fine' };
  if (before(release, FIRST)) return { kind: 'fault', fault: { kind: 'not-yet', gate, from: '1.31' } };
  if (!off) return { kind: 'fine' };
  if (!before(release, LOCKED)) return { kind: 'fault', fault: { kind: 'locked', gate, from: '1.34' } };
  // From 1.32 on the node's gate is on by itself, and kube-apiserver ends where it is without the other
  // (pkg/controlplane/apiserver/options/validation.go, validateNodeSelectorAuthorizationFeature).
  const nodeOff = all.some((one) => new RegExp(`^${NODE}\\s*=\\s*(0|f|false)$`, 'i').test(one.text));
  if (gate === ALL && !nodeOff && !before(release, [1, 32])) {
    return { kind: 'fault', fault: { kind: 'needs', gate, other: NODE } };
  }
  return { kind: 'fine' };
}

function before(a: Release, b: Release): boolean {
  return a[0] < b[0] || (a[0] === b[0] && a[1] < b[1]);
}

/** `v1.34.2+rke2r1`, `1.34`; undefined for what is no release. */
export function releaseOf(text: string): Release | undefined {
  const [, major, minor] = /^v?(\d{1,3})\.(\d{1,3})(?![\d])/.exec(text.trim()) ?? [];
  return major === undefined ? undefined : [Number(major), Number(minor)];
}
