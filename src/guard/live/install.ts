import { rmSync } from 'node:fs';
import type { ActingHost } from '../../hosts/host.ts';
import { runOrThrow } from '../../remedies/run.ts';
import type { PlannedRemedy } from '../../remedies/run-record.ts';
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
