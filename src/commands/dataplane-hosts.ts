import { isIP } from 'node:net';
import { CAUSES, type Judged } from '../dataplane/cause.ts';
import type { Host } from '../hosts/host.ts';
import { harmless } from '../hosts/sanitise.ts';
import type { Finding } from '../judging/finding.ts';
import type { CommonOptions } from './common-options.ts';
import type { RawDataplaneOptions } from './dataplane.ts';
import { examineHosts } from './examine-hosts.ts';
import { hostsFrom, isLocal } from './hosts-from-options.ts';

/** Nodes that the command line names by --host, --inventory, --root or --bundle; none where it names none. Throws UsageError. */
export async function namedHosts(raw: RawDataplaneOptions): Promise<readonly Host[]> {
  return isLocal(raw) ? [] : hostsFrom(raw);
}

/** What doctor says of them, by the cluster's name of each. */
export async function judgedNodes(
  hosts: readonly Host[],
  options: CommonOptions,
  nodes: readonly string[],
): Promise<Judged> {
  if (hosts.length === 0) return new Map();
  const report = await examineHosts(hosts, { ...options, quiet: true, only: CAUSES });
  const judged = new Map<string, readonly Finding[]>();
  for (const { name, destination } of report.targets) {
    const node = nodeNamed(nodes, [name, destination ?? '']);
    if (node !== undefined)
      judged.set(
        node,
        report.findings.filter(({ target }) => target === name),
      );
    else if (!options.quiet)
      process.stderr.write(`hayward: ${harmless(name)} is the name of no node of this cluster\n`);
  }
  return judged;
}

/**
 * By its own name, or by the one it was reached by (`root@node-1:2222`); else with or without a domain, where that fits one node alone:
 * the neighbour's findings would be told as this node's. An address has no domain to leave out.
 */
export function nodeNamed(nodes: readonly string[], names: readonly string[]): string | undefined {
  const plain = names.map((name) => name.replace(/^.*@/, '').replace(/:\d+$/, ''));
  const whole = nodes.find((node) => plain.includes(node));
  if (whole !== undefined) return whole;
  const short = plain.flatMap(withoutDomain);
  const alike = nodes.filter((node) => withoutDomain(node).some((name) => short.includes(name)));
  return alike.length === 1 ? alike[0] : undefined;
}

function withoutDomain(name: string): readonly string[] {
  const [first] = name.split('.');
  return first && isIP(name) === 0 ? [first] : [];
}
