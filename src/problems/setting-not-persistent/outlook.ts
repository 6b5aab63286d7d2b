import { known, type Reading, unknown } from '../../hosts/reading.ts';
import type { Evidence } from '../../judging/finding.ts';
import type { NextBoot, Place } from '../../persistence/boot.ts';
import { sameValue } from '../../persistence/kernel-settings.ts';
import { afterBoot, afterRestart, type RestartParts, type RestartValue } from '../../persistence/service-resets.ts';
import type { Profile } from '../../profiles/profile.ts';

/** The source of a value that nobody sets. */
export const KERNEL_DEFAULT = 'kernel default';

/** How a running value will be lost. */
export type Loss =
  /** A file sets another value at boot. */
  | { readonly how: 'file'; readonly place: Place }
  /** A file sets it, but before the module it belongs to is loaded. */
  | { readonly how: 'late-module'; readonly place: Place; readonly module: string }
  /** It is set in a file that the next boot will not read. */
  | { readonly how: 'forgotten'; readonly place: Place }
  /** Nothing sets it: the kernel's default returns. */
  | { readonly how: 'default' }
  /** A service sets another value when it starts. */
  | {
      readonly how: 'service';
      readonly when: 'boot' | 'restart';
      readonly unit: string;
      readonly place: Place | undefined;
    };

export interface LossSeen {
  readonly loss: Loss;
  /** What the setting will be; undefined: the kernel's default, whatever it is. */
  readonly ends: string | undefined;
}

export interface OutlookInput {
  readonly key: string;
  /** Would this value do? */
  readonly good: (value: string) => boolean;
  readonly boot: NextBoot;
  readonly parts: RestartParts;
  readonly profile: Profile;
  /** Where somebody set it in a file the next boot does not read. */
  readonly forgotten: Place | undefined;
}

/** The first way in which a good running value would be lost; undefined: it stays. */
export function lossOf(input: OutlookInput): Reading<LossSeen | undefined> {
  const booted = lossAtBoot(input);
  if (!booted.known || booted.value) return booted;
  for (const restart of afterRestart(input.key, input.parts, input.profile)) {
    if (!restart.known) return restart;
    if (!input.good(restart.value.value)) return known(byService(restart.value, 'restart'), restart.source);
  }
  return booted;
}

function lossAtBoot({ key, good, boot, parts, profile, forgotten }: OutlookInput): Reading<LossSeen | undefined> {
  const configured = boot.setting(key);
  if (!configured.known) return configured;
  const settled = afterBoot(key, boot, parts, profile);
  if (!settled.known) return settled;
  const { value, service, decidedBy } = settled.value;
  const { source } = settled;
  if (value !== undefined && good(value)) return known(undefined, source);
  if (service) return known(byService(service, 'boot'), source);
  const { lost } = configured.value;
  if (lost) return known({ loss: { how: 'late-module', ...lost }, ends: value }, source);
  if (decidedBy) return known({ loss: { how: 'file', place: decidedBy }, ends: value }, source);
  if (forgotten) return known({ loss: { how: 'forgotten', place: forgotten }, ends: value }, source);
  if (value === undefined) {
    return unknown(
      'not-collected',
      KERNEL_DEFAULT,
      `nothing sets ${key} at boot; the kernel's default is not known here`,
    );
  }
  return known({ loss: { how: 'default' }, ends: value }, source);
}

function byService(service: RestartValue, when: 'boot' | 'restart'): LossSeen {
  return { loss: { how: 'service', when, unit: service.unit, place: service.decidedBy }, ends: service.value };
}

/** What will be there instead, and the place that makes it so. */
export function evidenceOf({ loss, ends }: LossSeen, wanted: string): Evidence {
  const value = ends ?? "the kernel's default";
  const place = loss.how === 'default' ? undefined : loss.place;
  if (loss.how === 'service' && !place) return { source: loss.unit, value, wanted };
  if (!place) return { source: KERNEL_DEFAULT, value, wanted };
  const shown = loss.how === 'late-module' || loss.how === 'forgotten' ? place.text : value;
  return { source: place.file, value: shown, wanted, file: place.file, line: place.line };
}

/** As good as what is wanted. */
export function goodValue(wanted: string, compare: 'is' | 'at-least'): (value: string) => boolean {
  if (compare === 'is') return (value) => sameValue(value, wanted);
  return (value) => Number(value) >= Number(wanted);
}
