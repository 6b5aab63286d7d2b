import { readlinkSync } from 'node:fs';
import { known, type Reading, unknown } from '../../hosts/reading.ts';
import { CLUSTER_UNITS, NETWORK_UNITS } from '../../snapshot/units-of-interest.ts';
import { watchFiles } from './files.ts';
import { isThere } from './is-there.ts';

/**
 * Starts and stops of services, without asking systemd again and again. Since v236 systemd keeps a link
 * /run/systemd/units/invocation:NAME for each unit that runs, made anew with another target before the first process of
 * each start and removed when the unit has ended (unit_export_invocation_id and unit_unlink_state_files,
 * src/core/unit.c; for journald, and no promised interface: the judgement every few minutes does not hang on it).
 * A service's cgroup would not do: with KillMode=process RKE2's outlives it.
 */
export interface UnitsWatch {
  /** What happened since the last call; to be called at every tick, with the clock of `Moment.ms`. */
  drain(nowMs: number): readonly UnitEvent[];
  close(): void;
}

/** Between two calls a unit may have started more than once: it is told once. */
export interface UnitEvent {
  readonly unit: string;
  readonly what: 'started' | 'stopped';
}

/** Services whose start changes what is to be held, without `.service`. */
const UNITS = [...CLUSTER_UNITS, ...NETWORK_UNITS].map((unit) => unit.replace(/\.service$/, ''));

export interface UnitsOptions {
  readonly units?: readonly string[];
  /** systemd's runtime directory, /run/systemd unless a node's is mounted elsewhere. */
  readonly root?: string;
}

/**
 * Absent where systemd is not the init, as sd_booted(3) tells it, or keeps no such links: then starts are only seen by
 * the judgement that runs every few minutes.
 */
export function watchUnits({ units = UNITS, root = '/run/systemd' }: UnitsOptions = {}): Reading<UnitsWatch> {
  const directory = `${root}/units`;
  if (!isThere(`${root}/system`)) return unknown('absent', `${root}/system`, 'the init is not systemd');
  if (!isThere(directory))
    return unknown('absent', directory, 'this systemd keeps no links of running units (before v236)');
  const names = new RegExp(`^invocation:(${units.join('|')})\\.service$`);
  const files = watchFiles({ places: [{ directory, names }], quietMs: 0 });
  // Looked at after the watch began: what happens in between is told too often rather than never.
  let invocations = look();
  let blind = false;

  function look(): ReadonlyMap<string, string> {
    return new Map(
      units.flatMap((unit) => {
        const invocation = invocationOf(`${directory}/invocation:${unit}.service`);
        return invocation === undefined ? [] : [[unit, invocation] as const];
      }),
    );
  }

  return known(
    {
      drain(nowMs) {
        const { changed, unwatched } = files.drain(nowMs);
        // Without inotify the few links are read at every tick.
        if (unwatched !== undefined) blind = unwatched.length > 0;
        if (changed.length === 0 && !blind) return [];
        const before = invocations;
        invocations = look();
        return units.flatMap((unit): readonly UnitEvent[] => {
          const [was, is] = [before.get(unit), invocations.get(unit)];
          if (was === is) return [];
          return [{ unit, what: is === undefined ? 'stopped' : 'started' }];
        });
      },
      close: () => files.close(),
    },
    directory,
  );
}

/** undefined: it does not run. */
function invocationOf(link: string): string | undefined {
  try {
    return readlinkSync(link);
  } catch {
    return undefined;
  }
}
