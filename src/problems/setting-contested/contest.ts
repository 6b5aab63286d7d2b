import { known, type Reading } from '../../hosts/reading.ts';
import type { NextBoot } from '../../persistence/boot.ts';
import type { BootSources } from '../../persistence/boot-sources.ts';
import { shownValue, type Voice } from '../../persistence/configured.ts';
import { kernelDefault } from '../../persistence/kernel-defaults.ts';
import { relatedKeys, sameValue } from '../../persistence/kernel-settings.ts';
import { machineOf } from '../../persistence/machine.ts';
import { afterBoot, afterRestart, type RestartParts, type RestartValue } from '../../persistence/service-resets.ts';
import { procpsSystem } from '../../persistence/systemd-sysctl.ts';
import type { Profile } from '../../profiles/profile.ts';

/** One party to a contest: a line of a file, or a service's own program. */
export interface Party {
  /** A file's path or a unit's name. */
  readonly who: string;
  /** 1-based; undefined for a program. */
  readonly line: number | undefined;
  readonly value: string;
}

/** What a setting comes to, depending on who spoke last. undefined: not decided there. */
export interface Outcomes {
  readonly boot: string | undefined;
  /** After `sysctl --system`, as an administrator would apply the files by hand. */
  readonly byHand: string | undefined;
  readonly restarts: readonly RestartValue[];
}

export interface ContestInput {
  readonly key: string;
  readonly said: readonly Voice[];
  readonly sources: BootSources;
  readonly boot: NextBoot;
  readonly parts: RestartParts;
  readonly profile: Profile;
}

export interface Contest {
  readonly parties: readonly Party[];
  readonly outcomes: Outcomes;
  /** Every order ends with the same value. */
  readonly stable: boolean;
}

/**
 * Who wants different values of one setting; undefined: nobody. That /etc overrides what a package ships in /usr/lib
 * is how it is meant to be, and no contest; the other way round is one. A service whose own program and whose drop-in
 * differ is a contest that the drop-in wins, from READY on.
 */
export function contestOf(input: ContestInput): Reading<Contest | undefined> {
  const restarts: RestartValue[] = [];
  for (const restart of afterRestart(input.key, input.parts, input.profile)) {
    if (!restart.known) return restart;
    restarts.push(restart.value);
  }
  const settled = afterBoot(input.key, input.boot, input.parts, input.profile);
  if (!settled.known) return settled;
  const configured = input.boot.setting(input.key);
  const decidedBy = configured.known ? configured.value.decidedBy : undefined;
  const files = partiesIn(input.said, decidedBy?.file);
  const parties = [...files, ...servicesAgainst(files, restarts)];
  if (new Set(parties.map(({ value }) => value)).size < 2) return known(undefined, settled.source);
  const outcomes: Outcomes = { boot: settled.value.value, byHand: byHand(input), restarts };
  return known({ parties, outcomes, stable: isStable(outcomes) }, settled.source);
}

/** The files with a say of their own, and a package's file only where it beats them. */
function partiesIn(said: readonly Voice[], winner: string | undefined): Party[] {
  return said
    .filter(({ own, file }) => own || (file === winner && said.some((other) => other.own)))
    .map((voice) => ({ who: voice.file, line: voice.line, value: shownValue(voice) }));
}

function servicesAgainst(files: readonly Party[], restarts: readonly RestartValue[]): Party[] {
  return restarts.flatMap(({ unit, value, window, decidedBy }): Party[] => {
    const program: Party[] = window === undefined ? [] : [{ who: unit, line: undefined, value: window }];
    if (files.length === 0 && program.length === 0) return [];
    return [...program, { who: decidedBy?.file ?? unit, line: decidedBy?.line, value }];
  });
}

/** What `sysctl --system` leaves, starting from the kernel's defaults; undefined when it does not touch the setting. */
function byHand({ key, sources }: ContestInput): string | undefined {
  const { files, sysctlConf } = sources;
  const follows = relatedKeys(key);
  const values = new Map(follows.map((other) => [other, kernelDefault(other)]));
  const machine = machineOf({ follows, values, addressed: () => true, sources });
  machine.apply(procpsSystem({ files, sysctlConf, existing: follows }));
  return machine.decidedBy(key) ? machine.kernel.get(key) : undefined;
}

function isStable({ boot, byHand: hand, restarts }: Outcomes): boolean {
  const ends = [boot, hand, ...restarts.map(({ value }) => value)].filter((value) => value !== undefined);
  return ends.every((value) => sameValue(value, ends[0] ?? value));
}
