import { asksOf, examineCapture } from '../examine.ts';
import type { Host } from '../hosts/host.ts';
import { collectMany } from '../hosts/many.ts';
import type { Report } from '../report/report.ts';
import { VERSION } from '../version.ts';
import type { CommonOptions } from './common-options.ts';
import { progressLine } from './progress.ts';

/** Hosts asked at once: below sshd's MaxStartups (10), which drops connections beyond it. */
const BOUND = 8;

/** Looks at all hosts, with progress, and judges each. */
export async function examineHosts(hosts: readonly Host[], options: CommonOptions): Promise<Report> {
  const started = Date.now();
  const progress = progressLine(!options.quiet);
  progress.update(`looking at ${hosts.map((host) => host.name).join(', ')} …`);
  const captures = await collectMany(hosts, asksOf(options.only), {
    bound: BOUND,
    onProgress: (done, total, name, outcome) => progress.update(`${done} of ${total}: ${name} ${outcome}`),
  });
  progress.end();
  const examined = captures.map((capture) => ({ capture, ...examineCapture(capture, options) }));
  return {
    tool: { name: 'hayward', version: VERSION },
    takenAt: new Date(started).toISOString(),
    durationMs: Date.now() - started,
    targets: examined.map(({ capture, profile, profileEvidence }) => ({
      ...capture.target,
      profile: profile.name,
      profileEvidence,
    })),
    findings: examined.flatMap(({ findings }) => findings),
    ...(options.only && { only: options.only }),
  };
}
