import { type Reading, type Unknown, unknown } from '../../hosts/reading.ts';
import type { Judgement } from '../../judging/finding.ts';
import { defineProblem } from '../../judging/problem.ts';
import type { Address } from '../../snapshot/addresses.ts';
import type { Route } from '../../snapshot/routes.ts';
import { contains, isEdge } from '../../topology/cidr.ts';
import type { VipQuestion } from './question.ts';
import { WORDS } from './words.ts';

export interface VipFacts {
  readonly kind: 'own' | 'gateway' | 'outside' | 'no-host' | 'taken' | 'offered';
  readonly address: string;
  /** An interface, a network, hardware addresses or servers: whatever it is about. */
  readonly what: string;
}

/** Where the management interface leads: the network, of the default route's interface, in which kube-vip will announce the address. */
interface Management {
  readonly link: string;
  readonly gateway: string | undefined;
  /** CIDR of this host's own address there. */
  readonly network: string | undefined;
}

/** kube-vip takes the interface of the default route where none is named (Harvester sets vip_interface to nothing). */
function managementOf(routes: readonly Route[], addresses: readonly Address[]): Management | undefined {
  const [first] = routes
    .filter(({ destination, family, type }) => destination === '0.0.0.0/0' && family === 'ipv4' && type === 'unicast')
    .sort((a, b) => a.metric - b.metric);
  const hop = first?.nextHops.find(({ link }) => link !== undefined);
  if (hop?.link === undefined) return undefined;
  const own = addresses.find(
    ({ link, family, prefixLength, scope }) =>
      link === hop.link && family === 'ipv4' && prefixLength < 32 && scope === 'global',
  );
  const network = own && `${own.address}/${own.prefixLength}`;
  return { link: hop.link, gateway: hop.via, network };
}

/** Whether an address may be a cluster's management address: free, of the hosts' own network, and nobody's to give away. */
export function vipFree({ address, wire }: VipQuestion, asksWire: boolean) {
  return defineProblem({
    id: 'vip-conflict',
    title: { en: 'The management address to be', 'zh-CN': '将要使用的管理地址' },
    needs: ['addresses', 'routes'],
    check: ({ addresses, routes }): readonly Judgement<VipFacts>[] => [
      judgePlace(address, addresses, routes),
      ...(asksWire ? judgeWire(address, wire) : []),
    ],
    explain: ({ kind, address: asked, what }) => WORDS[kind](asked, what),
    prove: ({ kind, address: asked }) =>
      kind === 'taken' || kind === 'offered'
        ? `arping -D -c 3 -I "$(ip -o route show default | awk '{print $5; exit}')" ${asked}`
        : `ip -br address; ip route show default`,
    remedies: () => [],
  });
}

function judgePlace(
  address: string,
  addresses: Reading<readonly Address[]>,
  routes: Reading<readonly Route[]>,
): Judgement<VipFacts> {
  const subject = address;
  const unseen = (unknown: Unknown): Judgement<VipFacts> => ({
    status: 'unknown',
    subject,
    severity: 'warning',
    unknown,
    evidence: [],
  });
  if (!addresses.known) return unseen(addresses);
  if (!routes.known) return unseen(routes);
  const found = (kind: VipFacts['kind'], what: string, source: string): Judgement<VipFacts> => ({
    status: 'problem',
    subject,
    severity: 'critical',
    facts: { kind, address, what },
    evidence: [{ source, value: what }],
  });
  const own = addresses.value.find((one) => one.address === address);
  if (own) return found('own', own.link, addresses.source);
  const management = managementOf(routes.value, addresses.value);
  if (management?.network === undefined) {
    const detail = 'no interface has a default route and an address: where the address would be is not known';
    return unseen(unknown('absent', routes.source, detail));
  }
  const { gateway, network, link } = management;
  if (gateway === address) return found('gateway', link, routes.source);
  if (!contains(network, `${address}/32`)) return found('outside', `${network} (${link})`, addresses.source);
  if (isEdge(network, address)) return found('no-host', network, addresses.source);
  return { status: 'ok', subject, evidence: [{ source: addresses.source, value: `${network} (${link})` }] };
}

/** Nobody may answer for it; a server that would give it to others gives it to others some day. */
function judgeWire(address: string, { arp, offeredBy }: VipQuestion['wire']): readonly Judgement<VipFacts>[] {
  return [
    judged(address, arp, { kind: 'taken', severity: 'critical', what: (mac) => mac }),
    judged(address, offeredBy, {
      kind: 'offered',
      severity: 'warning',
      what: ({ server, mac }) => `${server} (${mac})`,
    }),
  ];
}

interface Sign<T> {
  readonly kind: 'taken' | 'offered';
  readonly severity: 'critical' | 'warning';
  readonly what: (one: T) => string;
}

function judged<T>(
  address: string,
  seen: Reading<readonly T[]>,
  { kind, severity, what }: Sign<T>,
): Judgement<VipFacts> {
  const subject = `${address} ${kind}`;
  if (!seen.known) return { status: 'unknown', subject, severity: 'warning', unknown: seen, evidence: [] };
  const who = seen.value.map(what).join(', ');
  const evidence = [{ source: seen.source, value: who === '' ? 'no answer' : who }];
  if (who === '') return { status: 'ok', subject, evidence };
  return { status: 'problem', subject, severity, facts: { kind, address, what: who }, evidence };
}
