import type { Ask } from '../hosts/ask.ts';
import { viewOf } from '../hosts/capture.ts';
import type { Finding } from '../judging/finding.ts';
import { judge } from '../judging/judge.ts';
import type { AnyProblem } from '../judging/problem.ts';
import type { Lang } from '../lang.ts';
import { iptablesBackends } from '../problems/iptables-backends.ts';
import { rpFilter } from '../problems/rp-filter.ts';
import { harvester } from '../profiles/harvester.ts';
import { k3sFlannel } from '../profiles/k3s-flannel.ts';
import { kubeadm } from '../profiles/kubeadm.ts';
import { kubekeyIpvs } from '../profiles/kubekey-ipvs.ts';
import type { Profile } from '../profiles/profile.ts';
import { rke2Calico } from '../profiles/rke2-calico.ts';
import { rke2Canal } from '../profiles/rke2-canal.ts';
import { listeners } from '../snapshot/listeners.ts';
import { asksFor, type Snapshot, type SubjectName } from '../snapshot/snapshot.ts';
import { swap } from '../snapshot/swap.ts';
import { bridgeFilterKept } from './bridge-filter-kept.ts';
import { clockSkew } from './clock-skew.ts';
import { forwardWhileStarting } from './forward-chain.ts';
import { forwardingChecked } from './forwarding-checked.ts';
import { forwardingKept } from './forwarding-kept.ts';
import { forwardingReapplied } from './forwarding-reapplied.ts';
import { harvesterDropIn } from './harvester-drop-in.ts';
import { ipvsModulesListed } from './ipvs-modules-listed.ts';
import { KUBEADM_TOOLS } from './kubeadm.ts';
import { KUBEKEY_TOOLS } from './kubekey.ts';
import { loadableModules } from './loadable-modules.ts';
import { oneBackend } from './one-backend.ts';
import type { PreflightProfile } from './preflight-profile.ts';
import { requiredTools } from './required-tools.ts';
import { strictAfterInstall } from './strict-after-install.ts';
import { swapOff } from './swap-on.ts';
import { vipFree } from './vip/address-free.ts';
import { portsFree } from './vip/ports-free.ts';
import type { VipQuestion } from './vip/question.ts';

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
    requiredTools(KUBEKEY_TOOLS),
    forwardingKept,
    strictAfterInstall,
    loadableModules,
    oneBackend,
    bridgeFilterKept,
    ipvsModulesListed,
  ],
  harvester: [harvesterDropIn, forwardWhileStarting],
  // These installers leave rp_filter and the iptables backends as they are: what the doctor finds there now, stays.
  'rke2-canal': [forwardingReapplied, rpFilter, loadableModules, iptablesBackends],
  'rke2-calico': [forwardingReapplied, rpFilter, loadableModules, iptablesBackends],
  'k3s-flannel': [forwardingReapplied, rpFilter, loadableModules, iptablesBackends],
  kubeadm: [requiredTools(KUBEADM_TOOLS), forwardingChecked, rpFilter, loadableModules, iptablesBackends],
} as const satisfies Record<PreflightProfile, readonly unknown[]>;

/** The tunnel these networks make between nodes unless configured otherwise; once it stands it needs no asking. */
const VXLAN: Profile['modules'][number] = {
  name: 'vxlan',
  reason: { en: 'Packets between Pods of two nodes travel in VXLAN', 'zh-CN': '节点之间的 Pod 报文通过 VXLAN 传输' },
};

function tunnelled(profile: Profile): Profile {
  return { ...profile, modules: [...profile.modules, VXLAN] };
}

const PROFILES: Readonly<Record<PreflightProfile, Profile>> = {
  'kubekey-ipvs': kubekeyIpvs,
  harvester,
  'rke2-canal': tunnelled(rke2Canal),
  'rke2-calico': tunnelled(rke2Calico),
  'k3s-flannel': tunnelled(k3sFlannel),
  kubeadm,
};

/** Problems whose critical findings stop the installer itself; all others it does not notice. */
export const STOPPING: Readonly<Partial<Record<PreflightProfile, readonly string[]>>> = {
  'kubekey-ipvs': ['required-tools'],
  kubeadm: ['required-tools', 'ip-forward', 'swap-on'],
};

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

/** What is judged by more than a snapshot's parts, host by host. */
function ownProblems(profile: PreflightProfile, { capture }: Snapshot): readonly AnyProblem[] {
  return profile === 'kubeadm' ? [swapOff(swap.parse(viewOf(capture))) as unknown as AnyProblem] : [];
}

/** The ids of everything a preflight of this profile judges. */
export function preflightIds(profile: PreflightProfile): readonly string[] {
  return [...problemsOf(profile, []).map(({ id }) => id), ...(profile === 'kubeadm' ? ['swap-on'] : [])];
}

/** What has to be asked of each host. */
export function preflightAsks(profile: PreflightProfile): Ask[] {
  const needs = problemsOf(profile, []).flatMap((problem) => problem.needs as readonly SubjectName[]);
  return [...asksFor([...new Set([...needs, ...SHOWN])]), ...(profile === 'kubeadm' ? swap.asks : [])];
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
    const own = profile === undefined ? [] : ownProblems(profile, snapshot);
    const all = [...problems, ...own, ...(vip ? vipProblems(vip, snapshot, index === 0) : [])];
    const chosen = all.filter(({ id }) => only?.includes(id) ?? true);
    const { name } = snapshot.capture.target;
    return { snapshot, findings: judge(chosen, snapshot, PROFILES[profile ?? 'harvester'], { target: name, lang }) };
  });
}
