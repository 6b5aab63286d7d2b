import type { LabRuntime } from '../lab/runtime/runtime.ts';
import type { Finding } from '../src/judging/finding.ts';

/** What `hayward leases --json` says, as far as tests read it. */
export interface Listing {
  readonly networks: readonly {
    readonly name: string;
    readonly capacity: number;
    readonly used: number;
    readonly leaked: number;
    readonly free: number;
    readonly leases: readonly { readonly ip: string; readonly containerId: string; readonly state: string }[];
  }[];
  /** Of `leases reclaim` alone. */
  readonly reclaimed?: readonly string[];
}

/** A node with a real runtime, as these tests speak of it. */
export interface LeaseNode {
  /** Starts sandboxes one after the other; their ids. */
  start(count: number, prefix?: string): Promise<readonly string[]>;
  /** The addresses whose leases are held for these sandboxes, or for anybody. */
  addresses(ids?: readonly string[]): Promise<readonly string[]>;
  /** `hayward leases ARGS --json`. */
  leases(
    ...args: readonly string[]
  ): Promise<{ readonly listing: Listing; readonly exit: number | null; readonly said: string }>;
  /** Addresses by state, in the order of the listing. */
  states(): Promise<Readonly<Record<string, readonly string[]>>>;
  /** The ids of the problems `hayward doctor` finds this many seconds from now by its clock, sorted, each once. */
  problems(secondsFromNow?: number): Promise<{
    readonly found: readonly string[];
    readonly findings: readonly Finding[];
    readonly exit: number | null;
  }>;
}

export const AN_HOUR = 3600;

export function leaseNode(node: LabRuntime): LeaseNode {
  const here: LeaseNode = {
    async start(count, prefix = 'pod') {
      const ids: string[] = [];
      for (let index = 0; index < count; index += 1) ids.push(await node.sandbox(`${prefix}-${index}`));
      return ids;
    },
    async addresses(ids) {
      const held = await node.leases();
      return held.filter(({ containerId }) => ids === undefined || ids.includes(containerId)).map(({ ip }) => ip);
    },
    async leases(...args) {
      const { stdout, stderr, exitCode } = await node.hayward(['leases', ...args, '--json']);
      if (stdout === '') throw new Error(`leases ${args.join(' ')}: exit ${exitCode}: ${stderr}`);
      return { listing: JSON.parse(stdout) as Listing, exit: exitCode, said: stderr };
    },
    async states() {
      const { listing } = await here.leases();
      const found = new Map<string, string[]>();
      for (const { ip, state } of listing.networks[0]?.leases ?? [])
        found.set(state, [...(found.get(state) ?? []), ip]);
      return Object.fromEntries(found);
    },
    async problems(secondsFromNow = 0) {
      const { stdout, exitCode } = await node.hayward(['doctor', '--json'], { env: clockAhead(secondsFromNow) });
      const { findings } = JSON.parse(stdout) as { findings: readonly Finding[] };
      const found = findings.filter(({ status }) => status === 'problem').map(({ problem }) => problem);
      return { found: [...new Set(found)].sort(), findings, exit: exitCode };
    },
  };
  return here;
}

/** A sandbox's birth is the runtime's to tell and cannot be put into the past; the observer's clock can be put ahead. */
function clockAhead(seconds: number): NodeJS.ProcessEnv {
  const module = `const now = Date.now; Date.now = () => now() + ${seconds * 1000}`;
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(module)}` };
}
