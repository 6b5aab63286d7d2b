import type { Ask } from '../hosts/ask.ts';
import { viewOf } from '../hosts/capture.ts';
import type { Finding } from '../judging/finding.ts';
import { judge } from '../judging/judge.ts';
import type { AnyProblem } from '../judging/problem.ts';
import type { Lang } from '../lang.ts';
import { harvester } from '../profiles/harvester.ts';
import { kubekeyIpvs } from '../profiles/kubekey-ipvs.ts';
import { listeners } from '../snapshot/listeners.ts';
import { asksFor, type Snapshot, type SubjectName } from '../snapshot/snapshot.ts';
import { bridgeFilterKept } from './bridge-filter-kept.ts';
import { clockSkew } from './clock-skew.ts';
import { forwardWhileStarting } from './forward-chain.ts';
import { forwardingKept } from './forwarding-kept.ts';
import { harvesterDropIn } from './harvester-drop-in.ts';
import { ipvsModulesListed } from './ipvs-modules-listed.ts';
import { loadableModules } from './loadable-modules.ts';
import { oneBackend } from './one-backend.ts';
import { requiredTools } from './required-tools.ts';
import { strictAfterInstall } from './strict-after-install.ts';
import { vipFree } from './vip/address-free.ts';
import { portsFree } from './vip/ports-free.ts';
import type { VipQuestion } from './vip/question.ts';

/** Distributions whose installer's doings are known well enough to judge a node before them. */
export const PREFLIGHT_PROFILES = ['kubekey-ipvs', 'harvester'] as const;
export type PreflightProfile = (typeof PREFLIGHT_PROFILES)[number];

/** A host as it is before the installation, and what the installation would make of it. */
export interface Candidate {
  readonly snapshot: Snapshot;
  readonly findings: readonly Finding[];
}

/**
 * What is judged before an installation is not what is judged after: a module not loaded yet or forwarding still off
 * is as it should be. What counts is what the installer will not put right.
 */
const PROBLEMS = {
  'kubekey-ipvs': [
    requiredTools,
    forwardingKept,
    strictAfterInstall,
    loadableModules,
    oneBackend,
    bridgeFilterKept,
    ipvsModulesListed,
  ],
  harvester: [harvesterDropIn, forwardWhileStarting],
} as const;

const PROFILES = { 'kubekey-ipvs': kubekeyIpvs, harvester } as const;

/** Parts the table shows besides what is judged. */
const SHOWN: readonly SubjectName[] = ['tools', 'timeSync', 'sysctl'];

/** What a management address needs of each host; the wire is asked once, and told of with the first. */
function vipProblems(question: VipQuestion, { capture }: Snapshot, isFirst: boolean): readonly AnyProblem[] {
  return [vipFree(question, isFirst), portsFree(listeners.parse(viewOf(capture)))] as unknown as readonly AnyProblem[];
}

/** The ids of what `--vip` judges. */
export const VIP_IDS = ['vip-conflict', 'port-conflict'] as const;

/** What `--vip` has to ask of each host. */
export function vipAsks(): Ask[] {
  return [...asksFor(['addresses', 'routes']), ...listeners.asks];
}

function problemsOf(profile: PreflightProfile, snapshots: readonly Snapshot[]): readonly AnyProblem[] {
  const clocks = snapshots.map(({ capture, timeSync }) => ({
    target: capture.target.name,
    offset: timeSync.offsetSeconds,
  }));
  return [...PROBLEMS[profile], clockSkew(clocks)] as unknown as readonly AnyProblem[];
}

/** The ids of everything a preflight of this profile judges. */
export function preflightIds(profile: PreflightProfile): readonly string[] {
  return problemsOf(profile, []).map(({ id }) => id);
}

/** What has to be asked of each host. */
export function preflightAsks(profile: PreflightProfile): Ask[] {
  const needs = problemsOf(profile, []).flatMap((problem) => problem.needs as readonly SubjectName[]);
  return asksFor([...new Set([...needs, ...SHOWN])]);
}

export interface PreflightOptions {
  readonly lang: Lang;
  /** Problem ids; all when not given. */
  readonly only?: readonly string[];
  /** A management address to be judged as well. */
  readonly vip?: VipQuestion;
}

/** Judges all hosts of one installation together (their clocks are compared); of no installer in particular the address alone. Pure. */
export function preflight(
  profile: PreflightProfile | undefined,
  snapshots: readonly Snapshot[],
  { lang, only, vip }: PreflightOptions,
): readonly Candidate[] {
  const problems = profile === undefined ? [] : problemsOf(profile, snapshots);
  return snapshots.map((snapshot, index) => {
    const all = [...problems, ...(vip ? vipProblems(vip, snapshot, index === 0) : [])];
    const chosen = all.filter(({ id }) => only?.includes(id) ?? true);
    const { name } = snapshot.capture.target;
    return { snapshot, findings: judge(chosen, snapshot, PROFILES[profile ?? 'harvester'], { target: name, lang }) };
  });
}
