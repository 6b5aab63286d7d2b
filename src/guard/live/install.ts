import { rmSync } from 'node:fs';
import type { ActingHost } from '../../hosts/host.ts';
import type { Bilingual } from '../../lang.ts';
import { readRuns, stands } from '../../remedies/interrupted.ts';
import { reopenJournal } from '../../remedies/journal.ts';
import { runOrThrow } from '../../remedies/run.ts';
import { guardedLock } from '../../remedies/run-lock.ts';
import { mayStand, type PlannedRemedy, type RunRecord } from '../../remedies/run-record.ts';
import type { GuardDirectories } from '../directories.ts';
import { releaseEverything } from '../hold/on-node.ts';
import { GUARD_UNIT, GUARD_UNIT_PATH, guardUnit, type UnitOptions } from './unit.ts';

/** What installing changes, as a plan that is shown, journaled and can be taken back. */
export function installPlan(unit: UnitOptions): PlannedRemedy {
  return {
    id: 'install',
    problem: 'guard',
    summary: { en: 'Guard this node from now on, and after each boot', 'zh-CN': '从现在起守护本节点，开机后自动运行' },
    risk: 'low',
    scope: 'persist',
    steps: [
      { kind: 'file', path: GUARD_UNIT_PATH, content: guardUnit(unit), mode: 0o644 },
      { kind: 'reload', what: 'systemd' },
      { kind: 'enable-unit', unit: GUARD_UNIT },
    ],
  };
}

/** Whether systemd is the init here (sd_booted(3)). */
export function systemdRuns(host: ActingHost): Promise<boolean> {
  return isThere(host, '/run/systemd/system');
}

async function isThere(host: ActingHost, path: string): Promise<boolean> {
  const state = await host.stat(path);
  return state.known && state.value.type !== 'absent';
}

/** Starts the service, anew where it runs with other options; waits for its first full round. Throws HostError. */
export async function startGuard(host: ActingHost): Promise<void> {
  await runOrThrow(host, ['systemctl', 'restart', '--', GUARD_UNIT]);
}

/** Whether a run of the journal is one of `installPlan`. */
export function isInstall({ steps }: Pick<RunRecord, 'steps'>): boolean {
  return steps.some(({ step }) => step.kind === 'file' && step.path === GUARD_UNIT_PATH);
}

/**
 * Once an installation was taken back: ends the service it started, or has it start anew from the unit that was there
 * before. Throws HostError.
 */
export async function followUndo(host: ActingHost): Promise<'stopped' | 'restarted'> {
  if (await isThere(host, GUARD_UNIT_PATH)) {
    await startGuard(host);
    return 'restarted';
  }
  await runOrThrow(host, ['systemctl', 'stop', '--', GUARD_UNIT]);
  return 'stopped';
}

const UNINSTALLED: Bilingual = { en: 'by hayward guard uninstall', 'zh-CN': '由 hayward guard uninstall 撤销' };

/** Has the journal say that nothing of earlier installations stands any more. Throws JournalError. */
export function noteUninstalled(directory: string): void {
  const standing = readRuns(directory).runs.filter((run) => isInstall(run) && stands(run));
  if (standing.length === 0) return;
  const lock = guardedLock(directory);
  try {
    for (const { run } of standing) {
      const journal = reopenJournal(directory, run);
      const undone = journal.steps().filter(mayStand);
      journal.record(...undone.map(({ index }) => ({ type: 'undone', step: index, note: UNINSTALLED }) as const));
      journal.close();
    }
  } finally {
    lock.release();
  }
}

/**
 * Stops the service, takes its unit away, lets go of what is held and removes the guard's own state. The journal stays
 * while it holds anything. Returns what was there. Throws HostError.
 */
export async function uninstall(host: ActingHost, places: GuardDirectories): Promise<readonly string[]> {
  const gone: string[] = [];
  if (await isThere(host, GUARD_UNIT_PATH)) {
    if (await systemdRuns(host)) await runOrThrow(host, ['systemctl', 'disable', '--now', '--', GUARD_UNIT]);
    await host.removeFile(GUARD_UNIT_PATH);
    if (await systemdRuns(host)) await runOrThrow(host, ['systemctl', 'daemon-reload']);
    gone.push(GUARD_UNIT_PATH);
  }
  gone.push(...releaseEverything(places.run).released);
  for (const directory of [places.run, places.state]) {
    if (!(await isThere(host, directory))) continue;
    rmSync(directory, { recursive: true });
    gone.push(directory);
  }
  return gone;
}
