import { HostError } from '../hosts/host.ts';
import { harmless } from '../hosts/sanitise.ts';

/** A bundle that cannot be read, in one line: wrong usage to whoever gave it, whatever the reason. */
export function badBundle(path: string, why: string, options?: ErrorOptions): HostError {
  return new HostError(`--bundle ${harmless(path).slice(0, 300)}: ${why}`, 'usage', options);
}

/** What is wrong within an archive; whoever opened it knows its name. */
export class ArchiveError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ArchiveError';
  }
}

/** A member's name as it is quoted. */
export function quotedName(name: string): string {
  const shown = harmless(name);
  return `"${shown.length > 120 ? `${shown.slice(0, 120)}…` : shown}"`;
}
