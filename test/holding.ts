import { demandKey, demandValue, isWanted } from '../src/guard/demand.ts';
import type { Holding, OwnDemand } from '../src/judging/demand.ts';
import type { Problem } from '../src/judging/problem.ts';
import type { Profile } from '../src/profiles/profile.ts';
import type { Link } from '../src/snapshot/links.ts';
import type { Snapshot, SubjectName } from '../src/snapshot/snapshot.ts';
import { seen, snapshotWith, sysctlWith } from './parts.ts';

type Parts = Partial<Omit<Snapshot, 'capture'>>;

/** A node of which settings and links are literals, so that demands can be carried out on it. */
export interface LiteralNode {
  readonly settings: Readonly<Record<string, string>>;
  readonly links?: readonly Link[];
  readonly parts?: Parts;
}

export function snapshotOf({ settings, links, parts }: LiteralNode): Snapshot {
  return snapshotWith({ ...parts, sysctl: sysctlWith(settings), ...(links && { links: seen(links) }) });
}

type Any = Pick<Problem<SubjectName, never>, 'check' | 'holds'>;

/** What a problem would keep, each as `KEY=VALUE`, `left KEY` or `unknown ABOUT`. */
export function holdings(problem: object, node: LiteralNode, profile: Profile): readonly string[] {
  return stated(problem, node, profile).map((holding) => {
    if (holding.status === 'unknown') return `unknown ${holding.about}`;
    const key = demandKey(holding.demand);
    return holding.status === 'left' ? `left ${key}` : `${key}=${valuesOf(holding.demand)}`;
  });
}

function valuesOf(demand: OwnDemand): string {
  const value = demandValue({ ...demand, by: '' });
  if (demand.kind !== 'setting') return value;
  return [value, ...(demand.also ?? [])].join('|') + (demand.atLeast ? '+' : '');
}

function stated(problem: object, node: LiteralNode, profile: Profile): readonly Holding[] {
  return (problem as Any).holds?.(snapshotOf(node), profile) ?? [];
}

/** What the doctor finds, as `STATUS SUBJECT`. */
export function found(problem: object, node: LiteralNode, profile: Profile): readonly string[] {
  return (problem as Any)
    .check(snapshotOf(node), profile)
    .filter(({ status }) => status === 'problem')
    .map(({ status, subject }) => `${status} ${subject}`);
}

function demandsOf(problem: object, node: LiteralNode, profile: Profile): readonly OwnDemand[] {
  return stated(problem, node, profile).flatMap((one) => (one.status === 'held' ? [one.demand] : []));
}

/** Demands that the node does not meet: what the guard would change. A setting that does not exist asks for nothing. */
export function unmet(problem: object, node: LiteralNode, profile: Profile): readonly string[] {
  const lacking = demandsOf(problem, node, profile).filter((demand) => {
    const now = readOf(demand, node);
    return now !== undefined && !isWanted({ ...demand, by: '' }, now);
  });
  return lacking.map(demandKey);
}

function readOf(demand: OwnDemand, { settings, links = [] }: LiteralNode): string | undefined {
  if (demand.kind === 'setting') return settings[demand.key];
  if (demand.kind === 'module') return undefined;
  const own = links.find(({ name }) => name === demand.bridge)?.bridge;
  return own && (own[SWITCH[demand.name]] ? '1' : '0');
}

const SWITCH = { nf_call_iptables: 'nfCallIptables', nf_call_ip6tables: 'nfCallIp6tables' } as const;

/** The node once what is unmet was written, in the demands' order; ip_forward sweeps every interface along. */
export function carriedOut(problem: object, node: LiteralNode, profile: Profile): LiteralNode {
  return demandsOf(problem, node, profile).reduce<LiteralNode>((at, demand) => {
    const now = readOf(demand, at);
    if (now === undefined || isWanted({ ...demand, by: '' }, now)) return at;
    return written(at, demand);
  }, node);
}

function written(node: LiteralNode, demand: OwnDemand): LiteralNode {
  if (demand.kind === 'bridge-setting') {
    const links = node.links?.map((link) => {
      if (link.name !== demand.bridge || !link.bridge) return link;
      return { ...link, bridge: { ...link.bridge, [SWITCH[demand.name]]: demand.value === '1' } };
    });
    return { ...node, ...(links && { links }) };
  }
  if (demand.kind !== 'setting') return node;
  const settings = { ...node.settings, [demand.key]: demand.value };
  if (demand.key === 'net/ipv4/ip_forward') {
    for (const key of Object.keys(settings)) {
      if (/^net\/ipv4\/conf\/[^/]+\/forwarding$/.test(key)) settings[key] = demand.value;
    }
  }
  return { ...node, settings };
}
