/** A certificate's public part. */
export interface Certificate {
  /** Where it was seen: a path, `https://HOST:PORT`. */
  readonly place: string;
  readonly subject: string;
  readonly issuer: string;
  /** DNS names and addresses, as written. */
  readonly names: readonly string[];
  /** RFC 3339. */
  readonly notBefore: string;
  readonly notAfter: string;
  /** SHA-256 of the whole, hexadecimal, lower case: the same for the same certificate. */
  readonly fingerprint: string;
  /** Whether the name it was asked for is among its names; not there for a file. */
  readonly coversName?: boolean;
}

/** One argument of kube-apiserver, where it is written. Only its name and value: a file's other lines may be secret. */
export interface Argument {
  readonly file: string;
  /** From 1; 0 where it is not known. */
  readonly line: number;
  /** Which start it is of: all arguments of one count together. A distribution's name, or a manifest's path. */
  readonly start: string;
  /** Without dashes: `feature-gates`. */
  readonly name: string;
  readonly value: string;
  /**
   * The version it will be started with, e.g. `v1.34.1`: of the installed program, the manifest's image or what the user named. Not
   * there where only the running server's is known.
   */
  readonly version?: string;
}
