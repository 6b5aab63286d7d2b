import type { ActingHost } from '../hosts/host.ts';
import type { Reading } from '../hosts/reading.ts';
import type { Bilingual } from '../lang.ts';
import type { ImageOf } from './image.ts';
import type { Step, StepKind } from './step.ts';

export type StepOf<K extends StepKind> = Extract<Step, { readonly kind: K }>;

/** One thing that is not as it was expected to be. */
export interface Difference {
  readonly what: string;
  readonly expected: string;
  readonly found: string;
}

/**
 * What can be done with one kind of step. `apply` and `restore` throw HostError for what the node refuses; the rest
 * are values.
 */
export interface Actions<K extends StepKind> {
  /** The present state: a before-image when taken before the step. */
  observe(host: ActingHost, step: StepOf<K>): Promise<Reading<ImageOf<K>>>;
  /** The state is already what the step wants: nothing is written then. */
  asWanted(step: StepOf<K>, image: ImageOf<K>): boolean;
  /** Why the step cannot be done from this state; undefined when it can. */
  refuses?(step: StepOf<K>, before: ImageOf<K>): Bilingual | undefined;
  apply(host: ActingHost, step: StepOf<K>, before: ImageOf<K>): Promise<void>;
  /** What of `expected` does not hold in `found`. What vanished with its owner (an interface) is no difference. */
  differences(step: StepOf<K>, expected: ImageOf<K>, found: ImageOf<K>): readonly Difference[];
  /** Brings `before` back. The answer is what could not be brought back though nothing failed. */
  restore(
    host: ActingHost,
    step: StepOf<K>,
    before: ImageOf<K>,
    left: ImageOf<K> | undefined,
  ): Promise<Bilingual | undefined>;
  /** Lost at a reboot by itself: its before-image means nothing after one. */
  readonly volatile: boolean;
}
