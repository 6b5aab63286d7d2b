import { asksOf, examineCapture } from '../examine.ts';
import type { Host } from '../hosts/host.ts';
import { versionsOf } from '../report/issue/versions.ts';
import type { Report } from '../report/report.ts';
import { thorough } from '../thorough-host.ts';
import { VERSION } from '../version.ts';
import { askHosts } from './ask-hosts.ts';
import type { CommonOptions } from './common-options.ts';

/** Looks at all hosts, with progress, and judges each. */
export async function examineHosts(hosts: readonly Host[], options: CommonOptions): Promise<Report> {
  const started = Date.now();
  const captures = await askHosts(hosts.map(thorough), asksOf(options.only), options);
  const examined = captures.map((capture) => ({ capture, ...examineCapture(capture, options) }));
  return {
    tool: { name: 'hayward', version: VERSION },
    takenAt: new Date(started).toISOString(),
    durationMs: Date.now() - started,
    targets: examined.map(({ capture, snapshot, profile, profileEvidence }) => ({
      ...capture.target,
      ...(capture.target.via === 'bundle' && { takenAt: capture.takenAt }),
      profile: profile.name,
      profileEvidence,
      versions: versionsOf(snapshot),
    })),
    findings: examined.flatMap(({ findings }) => findings),
    ...(options.only && { only: options.only }),
  };
}
