import { describe, expect, it } from 'vitest';
import { seen, snapshotWith } from '../../test/parts.ts';
import { type Reading, unknown } from '../hosts/reading.ts';
import { generic } from '../profiles/generic.ts';
import { kubekeyIpvs } from '../profiles/kubekey-ipvs.ts';
import { parseIptablesSave } from '../snapshot/netfilter/iptables-save.ts';
import type { Ruleset } from '../snapshot/netfilter/ruleset.ts';
import { iptablesBackends } from './iptables-backends.ts';

const EMPTY = seen<Ruleset>({ tables: [] });

function rules(backend: 'legacy' | 'nft', ...lines: readonly string[]): Reading<Ruleset> {
  const text = ['*filter', ':FORWARD ACCEPT [0:0]', ...lines, 'COMMIT'].join('\n');
  return seen({
    tables: parseIptablesSave(text, { family: 'ipv4', backend, source: `iptables-${backend}-save -c` }).tables,
  });
}

function judged(
  legacy: Reading<Ruleset>,
  nft: Reading<Ruleset>,
  used: 'legacy' | 'nft' | 'both' | 'none' = 'legacy',
  profile = kubekeyIpvs,
) {
  const netfilter = {
    rules: () => legacy,
    backend: (_: string, name: string) => (name === 'legacy' ? legacy : nft),
    kubernetesBackend: seen(used),
  };
  return iptablesBackends.check(snapshotWith({ netfilter }), profile);
}

const ACCEPT = '-A FORWARD -j ACCEPT';

describe('iptables-backends', () => {
  it('is a problem where both halves hold rules, and names the half that Kubernetes does not use', () => {
    const [found] = judged(rules('legacy', ACCEPT), rules('nft', ACCEPT));
    expect(found).toMatchObject({
      status: 'problem',
      severity: 'warning',
      facts: { used: 'legacy', tables: ['nft filter'], drops: false },
    });
    expect(found?.evidence).toEqual([
      { source: 'iptables-legacy-save -c', value: 'rules in filter' },
      { source: 'iptables-nft-save -c', value: 'rules in filter' },
    ]);
    expect(judged(rules('legacy', ACCEPT), rules('nft', ACCEPT), 'nft')).toMatchObject([
      { facts: { tables: ['legacy filter'] } },
    ]);
    expect(judged(rules('legacy', ACCEPT), rules('nft', ACCEPT), 'both')).toMatchObject([
      { facts: { tables: ['legacy filter', 'nft filter'] } },
    ]);
  });

  it('is critical where the forgotten half drops what is forwarded, and a note on a machine that is no node', () => {
    const drop = rules('nft', ':FORWARD DROP [0:0]');
    expect(judged(rules('legacy', ACCEPT), drop)).toMatchObject([{ severity: 'critical' }]);
    expect(judged(rules('legacy', ACCEPT), drop, 'none', generic)).toMatchObject([{ severity: 'info' }]);
  });

  it('is in order where one half is empty, whatever the other holds', () => {
    for (const other of [EMPTY, rules('nft', ACCEPT), unknown('denied', 'nft', 'not permitted')]) {
      expect(judged(EMPTY, other)).toMatchObject([{ status: 'ok' }]);
    }
  });

  it('counts no table that nft itself made', () => {
    const tables = rules('nft', ACCEPT);
    const native = tables.known
      ? seen({ tables: tables.value.tables.map((table) => ({ ...table, native: true })) })
      : tables;
    expect(judged(rules('legacy', ACCEPT), native)).toMatchObject([{ status: 'ok' }]);
  });

  it('is unknown where one half holds rules and the other cannot be read', () => {
    expect(judged(rules('legacy', ACCEPT), unknown('denied', 'nft', 'not permitted'))).toMatchObject([
      { status: 'unknown', severity: 'warning' },
    ]);
    expect(judged(rules('legacy', ACCEPT), unknown('absent', 'nft', 'no such program'))).toMatchObject([
      { status: 'unknown', severity: 'info' },
    ]);
  });
});
