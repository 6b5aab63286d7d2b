import { describe, expect, it } from 'vitest';
import { LANGS } from '../lang.ts';
import type { ProbeFacts } from '../probes/vm-network/machine.ts';
import type { BridgeFacts, NetworkReason, Outcome } from '../probes/vm-network/outcome.ts';
import { displayWidth } from '../report/display-width.ts';
import { exitStatus } from '../report/exit-status.ts';
import { probeFindings } from './probe-findings.ts';
import { probeJson } from './probe-json.ts';
import { probeText } from './probe-text.ts';
import type { ProbedNetwork } from './probed-network.ts';

const OFFER = {
  server: '192.168.100.254',
  mac: '02:00:00:00:00:01',
  afterMs: 12.4,
  relay: undefined,
  address: '192.168.100.57',
  cidr: '192.168.100.0/24',
  gateway: '192.168.100.1',
  leaseSeconds: 120,
};
const UPLINK = { name: 'mgmt-bo', carrier: true, carries: 'tagged' } as const;
const BRIDGE: BridgeFacts = { name: 'mgmt-br', up: true, ports: 4, carrier: true, filtering: true, uplinks: [UPLINK] };
const FACTS: ProbeFacts = {
  manual: false,
  cidr: OFFER.cidr,
  gateway: OFFER.gateway,
  discovers: 1,
  offers: [OFFER],
  served: true,
  refusal: undefined,
  meddlers: [],
  unacknowledged: false,
  arp: { asked: 2, macs: ['02:00:00:00:00:fe'], firstMs: 0.6 },
  address: { ip: OFFER.address, leased: true },
  taken: new Map(),
  echo: { sent: 5, answered: 5, roundTrips: [0.4, 0.5, 0.4, 0.6, 11] },
  beyond: undefined,
  uplink: { watched: ['mgmt-bo'], left: ['dhcp'], came: ['dhcp'], strays: [], answered: undefined },
  frames: [
    {
      atMs: 3,
      at: 'mgmt-bo',
      direction: 'out',
      vlan: 100,
      sourceMac: OFFER.mac,
      destinationMac: OFFER.mac,
      text: 'DHCP DISCOVER',
    },
  ],
};
const SILENT: ProbeFacts = {
  ...FACTS,
  cidr: undefined,
  gateway: undefined,
  discovers: 4,
  offers: [],
  served: false,
  arp: undefined,
  address: undefined,
  echo: undefined,
};

interface Sample {
  readonly reason: NetworkReason;
  readonly side?: Outcome['side'];
  readonly facts?: Partial<ProbeFacts> | undefined;
  readonly bridge?: Partial<BridgeFacts>;
  readonly failure?: NonNullable<ProbedNetwork['probe']['failure']>;
  readonly reach?: ProbedNetwork['probe']['reach'];
  readonly servers?: readonly string[];
  readonly lossPercent?: number;
}

function network(sample: Sample): ProbedNetwork {
  const { reason, side, facts = {}, bridge = {}, failure, reach = 'not-asked', servers = [], lossPercent = 0 } = sample;
  const state = reason === 'ok' || reason === 'no-route' ? 'active' : failure ? 'unknown' : 'inactive';
  const whole = { ...FACTS, ...facts };
  return {
    request: { bridge: 'mgmt-br', vlan: 100, servers, count: 5, offerWaitMs: 10_000 },
    probe: {
      outcome: { state, reason, side, lossPercent: whole.echo ? lossPercent : undefined },
      bridge: { ...BRIDGE, ...bridge },
      facts: failure ? undefined : whole,
      reach,
      ...(failure && { failure }),
    },
  };
}

const ROGUE = { ...OFFER, server: '10.66.0.1', mac: '02:00:00:00:00:66', cidr: '10.66.0.0/24', gateway: '10.66.0.1' };
const BEYOND = { address: '192.0.2.1', sent: 5, answered: 5, roundTrips: [3.2, 3.5, 3.1, 3.3, 3.2] };
const LOST = { sent: 5, answered: 0, roundTrips: [] };

const SAMPLES: readonly (readonly [string, Sample, 0 | 1 | 3, readonly string[]])[] = [
  ['fine', { reason: 'ok', reach: 'reaches' }, 0, []],
  [
    'fine, slow, by a relay',
    { reason: 'ok', facts: { offers: [{ ...OFFER, afterMs: 4012, relay: '10.0.0.1' }] } },
    0,
    [],
  ],
  ['a host beyond the gateway', { reason: 'ok', facts: { beyond: BEYOND } }, 0, []],
  [
    'a gateway that leads nowhere',
    { reason: 'ok', facts: { beyond: { ...BEYOND, answered: 0, roundTrips: [] } } },
    1,
    ['vm-network-gateway-unreachable'],
  ],
  ['a bridge that is down', { reason: 'no-carrier', facts: SILENT, bridge: { up: false } }, 1, ['vm-network-dhcp']],
  ['a bridge without ports', { reason: 'no-carrier', facts: SILENT, bridge: { ports: 0 } }, 1, ['vm-network-dhcp']],
  [
    'no carrier',
    { reason: 'no-carrier', facts: SILENT, bridge: { uplinks: [{ ...UPLINK, carrier: false }] } },
    1,
    ['vm-network-dhcp'],
  ],
  [
    'no VLAN on the uplink',
    { reason: 'vlan-missing', side: 'node', facts: SILENT, bridge: { uplinks: [{ ...UPLINK, carries: 'not' }] } },
    1,
    ['vm-network-dhcp'],
  ],
  [
    'no VLANs at all',
    { reason: 'vlan-missing', side: 'node', facts: SILENT, bridge: { filtering: false, uplinks: [] } },
    1,
    ['vm-network-dhcp'],
  ],
  [
    'answers in another VLAN',
    { reason: 'vlan-missing', side: 'network', facts: { ...SILENT, uplink: { ...FACTS.uplink, strays: [0, 7] } } },
    1,
    ['vm-network-dhcp'],
  ],
  ['DHCP silent', { reason: 'dhcp-silent', facts: SILENT, bridge: { uplinks: [] } }, 1, ['vm-network-dhcp']],
  [
    'no port with carrier',
    { reason: 'no-carrier', facts: { ...SILENT, discovers: 1 }, bridge: { carrier: false, uplinks: [] } },
    1,
    ['vm-network-dhcp'],
  ],
  [
    'another server than the one that is meant to be there',
    { reason: 'dhcp-silent', facts: { ...SILENT, offers: [ROGUE] }, servers: [OFFER.server] },
    1,
    ['vm-network-dhcp', 'vm-network-rogue-dhcp'],
  ],
  ['DHCP silent beyond', { reason: 'dhcp-silent', side: 'network', facts: SILENT }, 1, ['vm-network-dhcp']],
  ['DHCP lost on the node', { reason: 'dhcp-silent', side: 'node', facts: SILENT }, 1, ['vm-network-dhcp']],
  [
    'no acknowledgement',
    { reason: 'dhcp-silent', side: 'network', facts: { unacknowledged: true } },
    1,
    ['vm-network-dhcp'],
  ],
  [
    'a refusal',
    { reason: 'dhcp-nak', facts: { refusal: { server: OFFER.server, mac: OFFER.mac, text: 'no \u001b[31mleases' } } },
    1,
    ['vm-network-dhcp'],
  ],
  [
    'a silent gateway',
    { reason: 'arp-silent', facts: { arp: { asked: 4, macs: [], firstMs: undefined }, echo: undefined } },
    1,
    ['vm-network-gateway-unreachable'],
  ],
  [
    'a silent gateway beyond',
    {
      reason: 'arp-silent',
      side: 'network',
      facts: { arp: { asked: 4, macs: [], firstMs: undefined }, echo: undefined },
    },
    1,
    ['vm-network-gateway-unreachable'],
  ],
  [
    'a gateway lost on the node',
    { reason: 'arp-silent', side: 'node', facts: { arp: { asked: 4, macs: [], firstMs: undefined }, echo: undefined } },
    1,
    ['vm-network-gateway-unreachable'],
  ],
  ['no pings', { reason: 'icmp-lost', facts: { echo: LOST }, lossPercent: 100 }, 1, ['vm-network-gateway-unreachable']],
  [
    'no pings through the node',
    { reason: 'icmp-lost', side: 'node', facts: { echo: LOST }, lossPercent: 100 },
    1,
    ['vm-network-gateway-unreachable'],
  ],
  [
    'loss',
    { reason: 'loss', side: 'network', facts: { echo: { sent: 10, answered: 7, roundTrips: [1] } }, lossPercent: 30 },
    1,
    ['vm-network-gateway-unreachable'],
  ],
  ['no route', { reason: 'no-route', reach: 'no-route' }, 0, ['vm-network-gateway-unreachable']],
  [
    'a rogue',
    { reason: 'ok', facts: { offers: [OFFER, ROGUE] }, servers: [OFFER.server] },
    1,
    ['vm-network-rogue-dhcp'],
  ],
  [
    'servers that contradict each other',
    { reason: 'ok', facts: { offers: [OFFER, ROGUE], meddlers: [{ server: '10.66.0.1', mac: ROGUE.mac, text: '' }] } },
    1,
    ['vm-network-rogue-dhcp'],
  ],
  [
    'two gateways',
    { reason: 'ok', facts: { arp: { asked: 2, macs: ['02:00:00:00:00:fe', '02:00:00:00:00:fd'], firstMs: 1 } } },
    1,
    ['vm-network-gateway-unreachable'],
  ],
  [
    'denied',
    { reason: 'denied', failure: { reason: 'denied', detail: 'socket(AF_PACKET): EPERM (needs CAP_NET_RAW)' } },
    3,
    [],
  ],
];

function expectFits(text: string, width: number): void {
  // A command is there to be copied: it is never broken.
  const lines = text.split('\n').filter((line) => !/hayward |tcpdump |bridge vlan|ip /.test(line));
  for (const line of lines) expect(displayWidth(line), line).toBeLessThanOrEqual(width);
}

describe.each(SAMPLES)('%s', (_, sample, status, problems) => {
  const probed = network(sample);

  it('has its findings and its exit status', () => {
    const findings = probeFindings(probed, 'node-1', 'en');
    expect(findings.filter((one) => one.status === 'problem').map(({ problem }) => problem)).toEqual(problems);
    expect(exitStatus(findings)).toBe(status);
  });

  it.each(LANGS)('is told in %s, whole and within 80 columns', (lang) => {
    const findings = probeFindings(probed, 'node-1', lang);
    const options = { lang, color: false, width: 80, verbose: true, quiet: false };
    const text = probeText(probed, findings, options);
    expect(text).not.toMatch(/undefined|NaN|null|\u001b/);
    expectFits(text, 80);
    if (lang === 'zh-CN') expect(text).toMatch(/网桥/);
    for (const { status: own, title, cause, impact, prove } of findings)
      if (own === 'problem') for (const part of [title, cause, impact, prove]) expect(part).not.toBe('');
  });

  it('is the same as JSON', () => {
    const json = JSON.parse(JSON.stringify(probeJson(probed, probeFindings(probed, 'node-1', 'en'), 'en')));
    expect(json).toMatchObject({
      network: 'mgmt-br vlan 100',
      state: probed.probe.outcome.state,
      reason: sample.reason,
    });
    for (const key of ['cidr', 'gateway', 'lossPercent', 'servers', 'evidence']) expect(json).toHaveProperty(key);
    expect(json.detail === '').toBe(sample.reason === 'ok');
  });
});

it('shows what a VM sees, step by step', () => {
  const text = probeText(network({ reason: 'ok', reach: 'reaches' }), [], {
    lang: 'en',
    color: false,
    width: 80,
    verbose: false,
    quiet: false,
  });
  expect(text).toBe(`mgmt-br vlan 100 · Active
  ✓ Bridge     mgmt-br is up, ports: 4
  ✓ Uplink     mgmt-bo carries VLAN 100, with its tag
  ✓ DHCP       192.168.100.254 (02:00:00:00:00:01) offers 192.168.100.0/24,
               gateway 192.168.100.1, after 12 ms
  ✓ Gateway    192.168.100.1 is at 02:00:00:00:00:fe (ARP, 0.6 ms)
  ✓ Address    192.168.100.57, leased and given back
  ✓ Ping       5 of 5 answered, 0 % lost, 0.4 ms to 11 ms
  ✓ This node  reaches the gateway too
`);
});

function told(name: string): string {
  const [, sample] = SAMPLES.find(([one]) => one === name) ?? [];
  if (!sample) throw new TypeError(name);
  const probed = network(sample);
  const options = { lang: 'en', color: false, width: 200, verbose: true, quiet: false } as const;
  return probeText(probed, probeFindings(probed, 'node-1', 'en'), options);
}

it('never says that nobody offered an address where a server did that was not meant to', () => {
  const text = told('another server than the one that is meant to be there');
  expect(text).toContain('The DHCP server 192.168.100.254 does not answer, another does');
  expect(text).toContain('✗ DHCP     no offer of 192.168.100.254, asked 4 times');
  expect(text).toMatch(/! DHCP {5}10\.66\.0\.1 .* not expected/);
  expect(text).toContain('--dhcp-server 192.168.100.254 --pcap probe.pcap');
  expect(text).not.toContain('Nobody offered');
});

it('counts in words where no port has carrier', () => {
  const text = told('no port with carrier');
  expect(text).toContain('No link: no port of mgmt-br has carrier.');
  expect(text).toContain('no offer, asked once');
});
