import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The program as it is built. */
export const CLI = fileURLToPath(new URL('../../../dist/cli.js', import.meta.url));

/** Who asks. */
export interface Asker {
  readonly kubeconfig: string;
}

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface StatusPlace {
  /** Where runs remember those before; asked at each run. `/dev/null`: each is a first look. */
  state(): string;
  /** The command line that runs it somewhere else, such as in a network namespace. */
  inside?(argv: readonly string[]): readonly string[];
}

/** Runs `hayward status` as a user does. */
export type StatusRunner = (who: Asker, ...args: readonly string[]) => Promise<Ran>;

export function statusRunner({ state, inside = (argv) => argv }: StatusPlace): StatusRunner {
  return ({ kubeconfig }, ...args) => {
    const env = { ...process.env, LC_ALL: 'C', HAYWARD_STATE: state() };
    const [file = '', ...rest] = inside([process.execPath, CLI, 'status', '--kubeconfig', kubeconfig, ...args]);
    return new Promise((resolve) => {
      const child = execFile(file, rest, { env, maxBuffer: 1 << 26 }, (_, stdout, stderr) => {
        resolve({ status: child.exitCode, stdout, stderr });
      });
    });
  };
}

export interface ToldFinding {
  readonly problem: string;
  readonly subject: string;
  readonly status: string;
  readonly severity: string;
  readonly title: string;
  readonly cause: string;
  readonly phase?: string;
  readonly consequenceOf?: string;
  readonly evidence: readonly { readonly source: string; readonly value: string }[];
}

export interface Told {
  readonly verdict: string;
  readonly findings: readonly ToldFinding[];
}

/** What a run with `--json` says. Throws where that is no JSON. */
export function toldBy({ stdout }: Ran): Told {
  return JSON.parse(stdout) as Told;
}

/** Each problem that is no consequence of another, without notes and without the verdict's own. */
export function causesIn({ findings }: Told): readonly ToldFinding[] {
  return findings.filter(
    ({ problem, status, severity, consequenceOf }) =>
      status === 'problem' && severity !== 'info' && consequenceOf === undefined && problem !== 'cluster-ready',
  );
}
