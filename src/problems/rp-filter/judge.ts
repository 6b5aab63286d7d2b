import { firstUnknown, type Reading } from '../../hosts/reading.ts';
import type { Evidence, Judgement, Severity } from '../../judging/finding.ts';
import type { Parts } from '../../judging/problem.ts';
import type { Profile } from '../../profiles/profile.ts';
import { PERSIST_NEEDS } from '../../remedies/persist/wanted.ts';
import type { SysctlValues } from '../../snapshot/sysctl.ts';
import { sysctlName } from '../../snapshot/sysctl-name.ts';
import { type Asymmetry, asymmetriesOf } from '../../topology/reverse-path.ts';
import { readSides, routesForOthers, type Side } from '../../topology/sides.ts';
import type { ReversePathFacts } from './words.ts';

export const NEEDS = [
  'sysctl',
  'links',
  'addresses',
  'routes',
  'rules',
  'neighbours',
  'counters',
  ...PERSIST_NEEDS,
] as const;
export type Needed = Parts<(typeof NEEDS)[number]>;
type Verdict = Judgement<ReversePathFacts>;

export const ALL = 'net/ipv4/conf/all/rp_filter';

export function own(link: string): string {
  return `net/ipv4/conf/${link}/rp_filter`;
}

/** Strict in force: the larger of all and the interface's own is 1 (2 is loose, 0 off: Documentation/networking/ip-sysctl.rst). */
export function isStrict(link: string, sysctl: SysctlValues): boolean {
  const all = sysctl.get(ALL);
  const one = sysctl.get(own(link));
  return all.known && one.known && Math.max(Number(all.value), Number(one.value)) === 1;
}

function evidenceOf(links: readonly string[], { sysctl, counters }: Needed): Evidence[] {
  const readings: Reading<string>[] = [sysctl.get(ALL), ...links.map((link) => sysctl.get(own(link)))];
  const settings = readings.flatMap((one) =>
    one.known ? [{ source: one.source, value: one.value, wanted: '2' }] : [],
  );
  const [all, ...each] = settings;
  const refused = counters.reversePathFiltered;
  const counted = refused.known ? [{ source: refused.source, value: `IPReversePathFilter ${refused.value}` }] : [];
  return [...(all ? [{ source: all.source, value: all.value }] : []), ...each, ...counted];
}

/** A path the wiring shows: one finding an interface. */
function judgeAsymmetry(asymmetry: Asymmetry, parts: Needed, severity: Severity): Verdict {
  const { link } = asymmetry;
  const facts: ReversePathFacts = { kind: 'asymmetric', links: [link], asymmetry };
  const subject = sysctlName(own(link));
  return { status: 'problem', subject, severity, facts, evidence: evidenceOf([link], parts) };
}

/** Calico makes its Pods' interfaces strict on purpose, against spoofing. */
export function loosable(sides: readonly Side[]): readonly Side[] {
  return sides.filter(({ link }) => !link.startsWith('cali'));
}

/** Packets the kernel has counted: where they came in is not told, so every strict side is meant. */
function judgeCounted(sides: readonly Side[], parts: Needed, severity: Severity): readonly Verdict[] {
  const { routes, rules, neighbours, counters } = parts;
  const refused = counters.reversePathFiltered;
  const strict = loosable(sides)
    .map(({ link }) => link)
    .filter((link) => isStrict(link, parts.sysctl));
  const evidence = evidenceOf(strict, parts);
  if (strict.length === 0 || sides.length < 2) return [{ status: 'ok', subject: '', evidence }];
  // Strict harms nobody as long as no path is asymmetric: where that cannot be seen, it is not known.
  const unseen = firstUnknown(routes, rules, neighbours, refused);
  if (!refused.known || refused.value === 0) {
    return unseen
      ? [{ status: 'unknown', subject: '', severity: 'info', unknown: unseen, evidence }]
      : [{ status: 'ok', subject: '', evidence }];
  }
  const facts: ReversePathFacts = { kind: 'counted', links: strict, packets: refused.value };
  return [{ status: 'problem', subject: '', severity, facts, evidence }];
}

/** The asymmetric paths that the wiring shows, one an interface; none where the wiring is not known. */
export function shownBy({ links, addresses, routes, rules, neighbours }: Needed): readonly Asymmetry[] {
  if (!links.known || !addresses.known || !routes.known || !rules.known || !neighbours.known) return [];
  const shown = new Map<string, Asymmetry>();
  const wiring = {
    links: links.value,
    addresses: addresses.value,
    routes: routes.value,
    rules: rules.value,
    neighbours: neighbours.value,
  };
  for (const one of asymmetriesOf(wiring)) if (!shown.has(one.link)) shown.set(one.link, one);
  return [...shown.values()];
}

export function judgeReversePath(parts: Needed, profile: Profile): readonly Verdict[] {
  const severity: Severity = profile.kubernetes ? 'critical' : 'warning';
  const all = parts.sysctl.get(ALL);
  if (!all.known) return [{ status: 'unknown', subject: '', severity: 'warning', unknown: all, evidence: [] }];
  const sides = readSides('ipv4', parts);
  if (!sides.known) return [{ status: 'unknown', subject: '', severity: 'info', unknown: sides, evidence: [] }];
  const shown = shownBy(parts);
  const hurt = shown.filter(({ link }) => isStrict(link, parts.sysctl));
  if (hurt.length > 0) return hurt.map((asymmetry) => judgeAsymmetry(asymmetry, parts, severity));
  // What was counted came by the paths that are known and no longer strict: the counter never goes back.
  if (shown.length > 0) {
    const evidence = evidenceOf(
      shown.map(({ link }) => link),
      parts,
    );
    return [{ status: 'ok', subject: '', evidence }];
  }
  const forwards = profile.kubernetes || routesForOthers(sides.value);
  return judgeCounted(sides.value, parts, forwards ? severity : 'info');
}
