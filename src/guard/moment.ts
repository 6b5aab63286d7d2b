/** One moment by two clocks. Durations are measured by the first only, so that a stepped clock does no harm. */
export interface Moment {
  /** Milliseconds of a clock that is never set back (`performance.now()`). */
  readonly ms: number;
  /** What the wall clock says, for people. */
  readonly at: Date;
}
