import { type Reading, type UnknownReason, unknown } from '../hosts/reading.ts';

/** Why a probe could not be carried out, with the reason its reading gets. Never leaves a probe. */
export class ProbeError extends Error {
  readonly reason: UnknownReason;
  constructor(reason: UnknownReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ProbeError';
    this.reason = reason;
  }
}

/** Runs a probe; what stops it becomes an unknown reading. Anything but a `ProbeError` is a bug and is thrown on. */
export async function readingOf<T>(source: string, probe: () => Promise<Reading<T>>): Promise<Reading<T>> {
  try {
    return await probe();
  } catch (error) {
    if (error instanceof ProbeError) return unknown(error.reason, source, error.message);
    throw error;
  }
}
