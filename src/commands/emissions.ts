import { unknownWord } from './usage.ts';

/** The forms a plan can be printed in. */
export const EMISSIONS = ['script', 'cloud-init', 'ansible'] as const;
export type Emission = (typeof EMISSIONS)[number];

/** Reads `--emit`, which may be repeated and may hold several forms with commas between. */
export function emissionsFrom(value: string, previous: readonly Emission[] | undefined): readonly Emission[] {
  const forms = value.split(',').map((word) => {
    const form = EMISSIONS.find((one) => one === word.trim());
    if (form) return form;
    throw unknownWord('form', word.trim(), EMISSIONS);
  });
  return [...new Set([...(previous ?? []), ...forms])];
}
