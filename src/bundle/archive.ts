/** One thing in an archive, by its checked name. */
export interface Member {
  /** Without a leading `./`, never leading out. */
  readonly name: string;
  readonly kind: 'file' | 'directory' | 'link' | 'other';
  /** Bytes, as the archive says; reading it checks. */
  readonly size: number;
}

/**
 * Called for each member in the archive's order. `body` reads it whole, within the limits; what is not read is passed
 * over. Links are told of and never followed. `stop` ends the walk.
 */
export type Visit = (member: Member, body: () => Promise<Buffer>) => Promise<'stop' | undefined>;

/** A tar, a zip or a directory, read in place. */
export interface Archive {
  readonly format: 'tar' | 'zip' | 'directory' | 'text';
  walk(visit: Visit): Promise<void>;
}
