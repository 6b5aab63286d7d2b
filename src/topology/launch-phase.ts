import { mapReading } from '../hosts/reading.ts';
import type { Evidence } from '../judging/finding.ts';
import type { Profile } from '../profiles/profile.ts';
import type { Unit, Units } from '../snapshot/units.ts';

/**
 * Where a node is in its start: `before-launch` (the cluster's service has not run since boot), `launching` (started,
 * READY=1 not yet said), `launched`, or `unknown`.
 */
export type LaunchPhase = 'before-launch' | 'launching' | 'launched' | 'unknown';

const ORDER: readonly LaunchPhase[] = ['before-launch', 'launching', 'launched'];

/** Which phases follow, in order; none where it is not known where the node is. */
export function phasesAfter(phase: LaunchPhase): readonly LaunchPhase[] {
  return phase === 'unknown' ? [] : ORDER.slice(ORDER.indexOf(phase) + 1);
}

/**
 * Told from the units that reset the setting. Harvester needs bridge-nf-call-iptables 1 until RKE2's first launch
 * after boot and 0 from then on (harvester-installer#884); its ExecStartPost runs at READY=1 only.
 */
export function launchPhase(units: Units, profile: Profile): { phase: LaunchPhase; evidence: readonly Evidence[] } {
  if (!units.units.known) return { phase: 'unknown', evidence: [] };
  const services = launchingServices(units, profile);
  const evidence = services.map((unit) => ({
    source: `systemctl show ${unit.name}`,
    value: `${unit.activeState} (${unit.subState})${unit.activeEnter ? `, ready since ${unit.activeEnter}` : ''}`,
  }));
  if (services.length === 0) return { phase: 'unknown', evidence };
  if (services.some((unit) => unit.activeState === 'active' || unit.activeEnter !== undefined)) {
    return { phase: 'launched', evidence };
  }
  const starting = services.some((unit) => unit.activeState === 'activating' || unit.execStart !== undefined);
  return { phase: starting ? 'launching' : 'before-launch', evidence };
}

/** The units whose launch is meant, of those that systemd knows. */
export function launchingServices(units: Units, profile: Profile): readonly Unit[] {
  if (!units.units.known) return [];
  const names = new Set(profile.resetters.map(({ unit }) => unit));
  return units.units.value.filter((unit) => names.has(unit.name) && unit.activeState !== '');
}

/** The same units once that phase is reached, for telling beforehand what it will call for. */
export function unitsOnceIn(phase: LaunchPhase, units: Units, profile: Profile): Units {
  const services = launchingServices(units, profile);
  const state = phase === 'launched' ? { activeState: 'active', subState: 'running' } : STARTING;
  return {
    ...units,
    units: mapReading(units.units, (all) =>
      all.map((unit) => (services.includes(unit) ? { ...unit, ...state } : unit)),
    ),
  };
}

const STARTING = { activeState: 'activating', subState: 'start' };
