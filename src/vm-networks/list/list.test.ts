import { describe, expect, it } from 'vitest';
import { KEYS } from '../../harvester/names.ts';
import { known, unknown } from '../../hosts/reading.ts';
import { exitStatus } from '../../report/exit-status.ts';
import { type Attachment, attachmentOf } from '../cluster/attachment.ts';
import type { Condition, NodeProbe, NodeReport, VmNetworkReport } from '../cluster/model.ts';
import { listFindings } from './list-findings.ts';
import { listText } from './list-text.ts';
import { listAgents, listNetworks, type NetworkObjects } from './listed-network.ts';

const NOW = new Date('2026-01-01T01:00:00Z');
const OPTIONS = { lang: 'en', color: false, width: 80, verbose: false, quiet: false } as const;

function attachment(
  name: string,
  route?: string,
  more: object = {},
  annotations: Record<string, string> = {},
): Attachment {
  const read = attachmentOf({
    metadata: {
      name,
      namespace: 'default',
      uid: name,
      annotations: { ...annotations, ...(route !== undefined && { [KEYS.route]: route }) },
    },
    spec: { config: JSON.stringify({ type: 'bridge', bridge: 'mgmt-br', vlan: 100, ...more }) },
  });
  if (!read) throw new TypeError('it is a VM network');
  return read;
}

const node = (name: string, more: Partial<NodeReport> = {}): NodeReport => ({
  name,
  state: 'active',
  reason: 'ok',
  message: '',
  ...more,
});

function report(
  connected: Partial<Condition>,
  nodes: readonly NodeReport[],
  agrees: Partial<Condition> = {},
): VmNetworkReport {
  const base = { observedGeneration: 1, lastTransitionTime: '2026-01-01T00:00:00Z', message: '' };
  return {
    clusterNetwork: 'mgmt',
    type: 'L2VlanNetwork',
    vlan: 100,
    cidr: '10.0.0.0/24',
    gateway: '10.0.0.1',
    connectedNodes: '',
    nodes,
    conditions: [
      { ...base, type: 'Connected', status: 'True', reason: 'Connected', ...connected },
      { ...base, type: 'HarvesterAgrees', status: 'True', reason: 'Agrees', ...agrees },
    ],
  };
}

function objects(
  each: readonly (readonly [Attachment, VmNetworkReport?])[],
  nodeProbes: readonly NodeProbe[] = [],
): NetworkObjects {
  const reports = each.flatMap(([{ key }, one]) => (one ? [[key, one] as const] : []));
  return {
    attachments: known(
      each.map(([one]) => one),
      'test',
    ),
    reports: known(new Map(reports), 'test'),
    nodeProbes: known(nodeProbes, 'test'),
  };
}

function findings(given: NetworkObjects): readonly string[] {
  return listFindings(given, 'cluster', 'en').map((one) => `${one.problem} ${one.status} ${one.severity}`);
}

const AUTO = '{"mode":"auto","connectivity":"true"}';

describe('findings of listed networks', () => {
  it.each<[string, Attachment, VmNetworkReport | undefined, readonly string[]]>([
    [
      'well',
      attachment('a', AUTO),
      report({}, [node('n')]),
      ['vm-network-dhcp ok info', 'vm-network-status-stale ok info'],
    ],
    [
      'silent DHCP',
      attachment('a', AUTO),
      report({ status: 'False', reason: 'DhcpSilent' }, [node('n', { state: 'inactive', reason: 'dhcp-silent' })]),
      ['vm-network-dhcp problem critical', 'vm-network-status-stale ok info'],
    ],
    [
      'a silent gateway',
      attachment('a', AUTO),
      report({ status: 'False', reason: 'ArpSilent' }, [node('n', { state: 'inactive', reason: 'arp-silent' })]),
      ['vm-network-gateway-unreachable problem critical', 'vm-network-status-stale ok info'],
    ],
    [
      'loss',
      attachment('a', AUTO),
      report({ status: 'False', reason: 'Loss' }, [node('n', { state: 'inactive', reason: 'loss' })]),
      ['vm-network-gateway-unreachable problem warning', 'vm-network-status-stale ok info'],
    ],
    [
      'given addresses behind a dark port',
      attachment('a', '{"mode":"manual","cidr":"10.0.0.0/24","gateway":"10.0.0.1","connectivity":"false"}'),
      report({ status: 'False', reason: 'NoCarrier' }, [node('n', { state: 'inactive', reason: 'no-carrier' })]),
      ['vm-network-gateway-unreachable problem critical', 'vm-network-status-stale ok info'],
    ],
    [
      'a state that is not true',
      attachment('a', AUTO),
      report({}, [node('n')], { status: 'False', reason: 'StatusStale' }),
      ['vm-network-dhcp ok info', 'vm-network-status-stale problem warning'],
    ],
    [
      'denied to the agents',
      attachment('a', AUTO),
      report({ status: 'Unknown', reason: 'Denied' }, [], { status: 'Unknown' }),
      ['vm-network-dhcp unknown warning'],
    ],
    [
      'no annotation',
      attachment('a'),
      report({}, [node('n')], { status: 'Unknown', reason: 'RouteMissing' }),
      ['vm-network-dhcp ok info', 'vm-network-route-missing problem warning'],
    ],
    [
      'no annotation nor report',
      attachment('a'),
      undefined,
      ['vm-network-dhcp unknown info', 'vm-network-route-missing problem warning'],
    ],
    [
      'a trunk',
      attachment('a', undefined, { vlan: 0, vlanTrunk: [{ id: 7 }] }),
      report({ status: 'Unknown', reason: 'NotProbed' }, [], { status: 'Unknown', reason: 'NoRouteNeeded' }),
      ['vm-network-dhcp not-applicable info', 'vm-network-route-missing not-applicable info'],
    ],
    [
      'untagged',
      attachment('a', undefined, { vlan: 0 }),
      report({}, [node('n')], { status: 'Unknown', reason: 'NoRouteNeeded' }),
      ['vm-network-dhcp ok info', 'vm-network-route-missing problem info'],
    ],
    [
      'isolated on purpose',
      attachment('a', undefined, {}, { [KEYS.isolated]: 'true' }),
      undefined,
      ['vm-network-dhcp not-applicable info', 'vm-network-route-missing not-applicable info'],
    ],
    [
      'nonsense',
      attachment('a', '{'),
      undefined,
      ['vm-network-dhcp unknown warning', 'vm-network-route-invalid problem warning'],
    ],
    [
      'what Harvester says',
      attachment('a', '{"mode":"auto","connectivity":"false"}'),
      undefined,
      ['vm-network-gateway-unreachable problem warning'],
    ],
    [
      'what Harvester gave up',
      attachment('a', '{"mode":"auto","connectivity":"DHCP failed"}'),
      undefined,
      ['vm-network-dhcp problem warning'],
    ],
  ])('%s', (_what, one, said, wanted) => {
    expect(findings(objects([said ? [one, said] : [one]]))).toEqual(wanted);
  });

  it('are unknown, not fine, where nothing was asked', () => {
    const given = {
      ...objects([[attachment('a', '{"mode":"auto"}')]]),
      reports: unknown('denied', 'test', 'HTTP 403'),
    };
    expect(exitStatus(listFindings(given, 'cluster', 'en'))).toBe(3);
  });
});

it('networks that may not be read are not no networks', () => {
  const given = { ...objects([]), attachments: unknown('denied', 'test', 'HTTP 403: forbidden') };
  const findings = listFindings(given, 'cluster', 'en');
  expect(exitStatus(findings)).toBe(3);
  const list = { networks: [], agents: [], reports: given.reports, findings, now: NOW };
  expect(listText(list, OPTIONS)).toBe('  ? HTTP 403: forbidden\n');
});

describe('the table', () => {
  const probes: NodeProbe[] = [
    {
      node: 'node-2',
      probes: {},
      results: { 'default/prod': { ask: 3, state: 'active', reason: 'ok', message: '', at: '2026-01-01T00:59:30Z' } },
      agent: { version: '1', startedAt: '2026-01-01T00:00:00Z', seenAt: '2026-01-01T00:59:00Z' },
    },
    { node: 'node-3', probes: {}, results: {} },
  ];
  const dark = node('node-1', {
    state: 'inactive',
    reason: 'no-carrier',
    message: 'eth1 \u001b[31mis dark',
    at: '2026-01-01T00:10:00Z',
  });
  const given = objects(
    [
      [
        attachment('prod', '{"mode":"auto","connectivity":"false"}'),
        report({ status: 'False', reason: 'NoCarrier', message: 'node-1: no-carrier' }, [
          dark,
          node('node-2'),
          node('node-3'),
        ]),
      ],
      [attachment('test', AUTO)],
    ],
    probes,
  );
  const text = (lang: 'en' | 'zh-CN'): string => {
    const networks = listNetworks(given);
    const list = {
      networks,
      agents: listAgents(given),
      reports: given.reports,
      findings: listFindings(given, 'c', lang),
      now: NOW,
    };
    return listText(list, { ...OPTIONS, lang });
  };

  it('shows each network, who says so, who differs, and which agents are silent', () => {
    const shown = text('en');
    expect(shown).toMatch(
      /\| default\/prod +\| Inactive +\| NoCarrier +\| 100 +\| 2\/3 +\| 30s ago +\| 10\.0\.0\.1\/24 +\|/,
    );
    expect(shown).toMatch(/\| default\/test +\| Active\* +\|/);
    expect(shown).toContain('No agent heard for three minutes: node-3\n');
    expect(shown).toContain('Nodes that differ:\n  default/prod node-1: no-carrier, eth1 \\x1b[31mis dark\n');
    expect(shown.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  it('does not promise an untagged network the route that the controller never gives it', () => {
    const untagged = objects([[attachment('a', undefined, { vlan: 0 })]], []);
    const [, route] = listFindings(untagged, 'c', 'en');
    expect(route).toMatchObject({ problem: 'vm-network-route-missing', severity: 'info' });
    expect(`${route?.cause} ${route?.impact}`).not.toContain('--default-route');
  });

  it('does so in Chinese', () => {
    expect(text('zh-CN')).toContain('与众不同的节点：\n');
  });
});
