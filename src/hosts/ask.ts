import { shellWord } from './shell-text.ts';

/**
 * What can be asked of a host. Asks are data, so that one list serves the local file system, a POSIX shell at
 * the other end of ssh, a recorded file tree and a bundle, in one round trip per node.
 *
 * In paths and globs `{release}` stands for the running kernel's release (`uname -r`), and `*` matches within
 * one path component, never across `/` and never a leading dot. An answer is kept under the path it was read from; a
 * `CaptureView` finds it by the path as asked, too.
 *
 * Text is UTF-8, where bytes that are not become U+FFFD. Besides what is asked, the local host and ssh give
 * `date +%s.%N`, the node's epoch seconds, and `hayward:clock-offset`, the seconds it is ahead of the observer.
 */
export type Ask =
  /** One file's text. With `keep` (an ERE, see keep.ts) only the matching lines travel. */
  | { readonly kind: 'file'; readonly path: string; readonly keep?: string; readonly maxBytes?: number }
  /** Every regular file that matches (symbolic links followed). */
  | { readonly kind: 'files'; readonly glob: string; readonly maxBytes?: number }
  /** Every file that matches, each holding one short line, as under /proc/sys. Cheap by the thousand. */
  | { readonly kind: 'values'; readonly glob: string }
  /** A directory's entries with their kind and, for symbolic links, the target. */
  | { readonly kind: 'list'; readonly path: string }
  /** A command, without a shell. Exit status 0 gives its standard output; anything else is a reason. */
  | {
      readonly kind: 'run';
      readonly argv: readonly string[];
      readonly timeoutMs?: number;
      /**
       * Run it only where this path exists; elsewhere the answer is `absent`. For programs that would change the node
       * by being asked: ipvsadm loads ip_vs where it is not loaded.
       */
      readonly onlyIf?: string;
      /**
       * A kernel module this program makes the kernel load by asking. Where it could be loaded now, and is not (no
       * /sys/module/NAME, and modules.dep lists it), the program is not run and the answer is `absent`.
       */
      readonly module?: string;
      /** The source the answer is kept under where that is not the command line: of a script, a name for it. */
      readonly as?: string;
    }
  /** Where programs are on the root user's search path (sbin directories included). */
  | { readonly kind: 'which'; readonly names: readonly string[] }
  /**
   * A host-local data directory: the leases of each network below it, links never followed. The answer is the text
   * that src/snapshot/host-local.ts reads, kept under the directory's path.
   */
  | { readonly kind: 'leases'; readonly directory: string }
  /**
   * The sandboxes the container runtime lists, asked once all leases are read. The answer is JSON as `crictl pods -o json`
   * prints it (`{"items":[…]}`, all states), kept under `criSource(socket)`; without a socket, the first of the known
   * places that exists is asked. The local host and ssh add the `socket` that answered, and to each sandbox that is ready
   * its `network` (cri/listing.ts), but for those whose leases among the answers tell it (lease-holders.ts). No runtime at
   * all is `absent`.
   */
  | { readonly kind: 'cri'; readonly socket?: string };

/** How the answer of a `cri` ask is keyed: the command line that shows the same. */
export function criSource(socket?: string): string {
  return socket === undefined
    ? 'crictl pods -o json'
    : sourceOf(['crictl', '--runtime-endpoint', `unix://${socket}`, 'pods', '-o', 'json']);
}

/** Bytes beyond which a file is not carried whole, unless an ask says otherwise: it becomes `failed`. */
export const DEFAULT_MAX_BYTES = 4 * 1024 * 1024;

/** How an ask's answer is keyed, and what evidence cites: the path, or the command line as typed. */
export function sourceOf(argv: readonly string[]): string {
  return argv.map(shellWord).join(' ');
}
