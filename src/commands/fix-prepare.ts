import { type Examination, examine } from '../examine.ts';
import type { ActingHost } from '../hosts/host.ts';
import type { Finding, Severity } from '../judging/finding.ts';
import type { Lang } from '../lang.ts';
import type { ProfileName } from '../profiles/profile.ts';
import { type Chosen, chooseRemedies, stillWanted } from '../remedies/choose.ts';
import { bootIdOf, readRuns, remainder } from '../remedies/interrupted.ts';
import { JournalError } from '../remedies/journal.ts';
import type { Remedy } from '../remedies/remedy.ts';
import type { PlannedRemedy, RunRecord } from '../remedies/run-record.ts';
import { sessionLinks } from '../remedies/session-links.ts';
import { actingHost } from './acting-host.ts';
import type { Emission } from './emissions.ts';
import { progressLine } from './progress.ts';

export interface FixOptions {
  readonly lang: Lang;
  readonly json: boolean;
  readonly quiet: boolean;
  /** Show what the files of the plan will hold. */
  readonly verbose: boolean;
  /** Columns of the terminal. */
  readonly width: number;
  readonly failOn: Extract<Severity, 'critical' | 'warning'>;
  readonly profile?: ProfileName;
  readonly problems?: readonly string[];
  readonly host?: string;
  readonly scopes: readonly Remedy['scope'][];
  readonly dryRun: boolean;
  readonly yes: boolean;
  readonly emit: readonly Emission[];
  /** Send real packets before and after, where a remedy names some. */
  readonly probe: boolean;
  /** Taken back unless it is confirmed within so many milliseconds. */
  readonly tryMs?: number;
}

/** Everything known before anything is changed. */
export interface Prepared {
  readonly host: ActingHost;
  readonly directory: string;
  readonly bootId: string;
  readonly seen: Examination;
  readonly chosen: Chosen;
  readonly resumes: RunRecord | undefined;
  /** What is left of an interrupted run, and what is new. */
  readonly plan: readonly PlannedRemedy[];
}

export async function prepare(options: FixOptions): Promise<Prepared> {
  const { host, directory } = await actingHost(options);
  const progress = progressLine(!options.quiet);
  progress.update(host.name);
  const seen = await look(host, options);
  const [links, bootId] = [seen.snapshot.links, await bootIdOf(host)];
  const chosen = choice(seen.findings, options, await sessionLinks(host, links.known ? links.value : []));
  progress.end();
  const resumes = resumable(directory, bootId, options);
  const rest = resumes ? remainder(resumes, bootId) : [];
  return { host, directory, bootId, seen, chosen, resumes, plan: [...rest, ...without(chosen.plan, rest)] };
}

function choice(
  findings: readonly Finding[],
  { problems, scopes, tryMs }: FixOptions,
  links: readonly string[] | undefined,
): Chosen {
  const onTrial = tryMs !== undefined;
  return chooseRemedies(findings, { ...(problems && { named: problems }), scopes, sessionLinks: links, onTrial });
}

/** The new part of the plan, less what a second judgement, where one is called for, does not want any more. */
export async function confirmed(
  { host, chosen, seen }: Prepared,
  options: FixOptions,
): Promise<readonly PlannedRemedy[]> {
  if (!chosen.plan.some(({ judgeAgain }) => judgeAgain)) return chosen.plan;
  const { findings } = await look(host, options);
  const { links } = seen.snapshot;
  const again = choice(findings, options, await sessionLinks(host, links.known ? links.value : []));
  return stillWanted(chosen.plan, again.plan);
}

export function look(
  host: ActingHost,
  { lang, profile, problems }: Pick<FixOptions, 'lang' | 'profile' | 'problems'>,
): Promise<Examination> {
  return examine(host, { lang, ...(profile && { profile }), ...(problems && { only: problems }) });
}

/** The last run, when it was interrupted and all that is left of it is asked for now. */
function resumable(directory: string, bootId: string, { problems, scopes, tryMs }: FixOptions): RunRecord | undefined {
  // What stands of it already was not done on trial.
  if (tryMs !== undefined) return undefined;
  const last = readable(directory).at(-1);
  if (!last) return undefined;
  const rest = remainder(last, bootId);
  const wanted = ({ problem, scope }: PlannedRemedy) => scopes.includes(scope) && (problems?.includes(problem) ?? true);
  return rest.length > 0 && rest.every(wanted) ? last : undefined;
}

/** What cannot be read is met again, and told, when the journal is written. */
function readable(directory: string): readonly RunRecord[] {
  try {
    return readRuns(directory).runs;
  } catch (error) {
    if (error instanceof JournalError) return [];
    throw error;
  }
}

/** The plan without steps that are in the rest of an interrupted run anyhow. */
export function without(plan: readonly PlannedRemedy[], rest: readonly PlannedRemedy[]): readonly PlannedRemedy[] {
  const known = new Set(rest.flatMap(({ steps }) => steps).map((step) => JSON.stringify(step)));
  return plan
    .map((remedy) => ({ ...remedy, steps: remedy.steps.filter((step) => !known.has(JSON.stringify(step))) }))
    .filter(({ steps }) => steps.length > 0);
}
