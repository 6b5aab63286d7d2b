import type { Examination } from '../examine.ts';
import type { Finding, Severity } from '../judging/finding.ts';
import type { Difference, NotCompared } from './model.ts';

/** What differs on any two nodes, and at any two moments. */
const VOLATILE =
  /^\/proc\/sys\/(?:kernel\/(?:random\/|hostname|osrelease|version)|net\/netfilter\/nf_conntrack_count$)/;
/** Interfaces of Pods, which each node has its own of. */
const OF_PODS = /\/(?:conf|neigh)\/(?:cali|veth|lxc|tap)[^/]*\//;

/** Settings below /proc/sys that both nodes were asked for, and whose values differ. */
export function settingDifferences(a: Examination, b: Examination): (Difference | NotCompared)[] {
  const [ofA, ofB] = [a.snapshot.capture.entries, b.snapshot.capture.entries];
  const paths = [...new Set([...Object.keys(ofA), ...Object.keys(ofB)])];
  return paths
    .filter((path) => path.startsWith('/proc/sys/') && !VOLATILE.test(path) && !OF_PODS.test(path))
    .flatMap((path): (Difference | NotCompared)[] => {
      const [one, other] = [ofA[path], ofB[path]];
      // A key that one of them has not is that of an interface or a module the other has: told as that.
      if (!one || !other || one.state === 'absent' || other.state === 'absent') return [];
      const subject = path.slice('/proc/sys/'.length);
      if (one.state !== 'ok') return other.state === 'ok' ? [{ kind: 'setting', subject, detail: one.detail }] : [];
      if (other.state !== 'ok') return [{ kind: 'setting', subject, detail: other.detail }];
      const [before, after] = [one.text.trim(), other.text.trim()];
      if (before === after) return [];
      return [{ kind: 'setting', weight: weightOf(path, a, b), subject, a: before, b: after }];
    });
}

/** As much as the problem it is evidence of; else a warning where a profile asks for it. */
function weightOf(path: string, a: Examination, b: Examination): Severity {
  const cited = [...a.findings, ...b.findings].filter(
    (finding) => finding.status === 'problem' && cites(finding, path),
  );
  if (cited.some(({ severity }) => severity === 'critical')) return 'critical';
  const key = path.slice('/proc/sys/'.length);
  const wanted = [a, b].some(({ profile }) => profile.wants.some((want) => want.key === key));
  return wanted || cited.some(({ severity }) => severity === 'warning') ? 'warning' : 'info';
}

function cites({ evidence }: Finding, path: string): boolean {
  return evidence.some(({ source }) => source === path);
}
