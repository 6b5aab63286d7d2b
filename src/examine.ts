import type { Ask } from './hosts/ask.ts';
import type { Capture } from './hosts/capture.ts';
import type { CollectOptions, Host } from './hosts/host.ts';
import type { Finding } from './judging/finding.ts';
import { judge } from './judging/judge.ts';
import type { AnyProblem } from './judging/problem.ts';
import type { Lang } from './lang.ts';
import { PROBLEMS } from './problems/registry.generated.ts';
import { findProfile, profileNamed } from './profiles/find.ts';
import type { Profile, ProfileName } from './profiles/profile.ts';
import { asksFor, type Snapshot, SUBJECTS, type SubjectName, snapshotOf } from './snapshot/snapshot.ts';
import { thorough } from './thorough-host.ts';

export interface ExamineOptions {
  /** Found from evidence when not given. */
  readonly profile?: ProfileName;
  /** Problem ids; all when not given. */
  readonly only?: readonly string[];
  readonly lang: Lang;
}

/** A node seen and judged once. */
export interface Examination {
  readonly snapshot: Snapshot;
  readonly profile: Profile;
  readonly profileEvidence: readonly string[];
  readonly findings: readonly Finding[];
}

/** Subjects the profile is found from, whatever is judged. */
const PROFILE_SUBJECTS: readonly SubjectName[] = [
  'harvester',
  'kubernetes',
  'podNetwork',
  'cni',
  'os',
  'links',
  'units',
];

/** The problems of these ids; all where none are named. */
export function problemsNamed(only: readonly string[] | undefined): readonly AnyProblem[] {
  return only ? PROBLEMS.filter((problem) => only.includes(problem.id)) : PROBLEMS;
}

/** What a judgement of these problems asks of a node. */
export function asksOf(only?: readonly string[]): Ask[] {
  const needs = problemsNamed(only).flatMap((problem) => problem.needs as readonly SubjectName[]);
  const names = new Set<SubjectName>(only ? [...PROFILE_SUBJECTS, ...needs] : (Object.keys(SUBJECTS) as SubjectName[]));
  return asksFor([...names]);
}

/** Judges what was collected. Pure. */
export function examineCapture(capture: Capture, options: ExamineOptions): Examination {
  const snapshot = snapshotOf(capture);
  const named = options.profile === undefined ? undefined : profileNamed(options.profile);
  const found = named ? { profile: named, evidence: ['--profile'] } : findProfile(snapshot);
  const findings = judge(problemsNamed(options.only), snapshot, found.profile, {
    target: capture.target.name,
    lang: options.lang,
  });
  return { snapshot, profile: found.profile, profileEvidence: found.evidence, findings };
}

/** Looks at a node and judges it: the loop from observe to findings, once. */
export async function examine(host: Host, options: ExamineOptions & CollectOptions): Promise<Examination> {
  return examineCapture(await thorough(host).collect(asksOf(options.only), options), options);
}
