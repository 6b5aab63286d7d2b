/**
 * What came of a request to something that may be down. `answered`: an HTTP answer, of whatever status. `refused`: the host is
 * there and nothing listens (RST). `silent`: connected, then no answer within the time limit (a stopped process: the kernel still
 * accepts). `unreachable`: no connection at all: no route, no ARP, no name, or silence to SYN. `tls`: the handshake or the
 * verification of the certificate failed. `cut`: the answer ended in the middle.
 */
export type Outcome = Answered | Unanswered;

export interface Answered {
  readonly kind: 'answered';
  readonly status: number;
  readonly text: string;
}

export interface Unanswered {
  readonly kind: 'refused' | 'silent' | 'unreachable' | 'tls' | 'cut';
  /** One line: the system's or TLS' own words, the limit in seconds where it was one. */
  readonly detail: string;
}
