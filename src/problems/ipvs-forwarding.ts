import type { Unknown } from '../hosts/reading.ts';
import { type Holding, holdSetting, holdUnknown } from '../judging/demand.ts';
import type { Evidence, Judgement, Severity } from '../judging/finding.ts';
import { defineProblem, type Parts } from '../judging/problem.ts';
import type { Bilingual } from '../lang.ts';
import type { Profile } from '../profiles/profile.ts';
import { durable } from '../remedies/persist/durable.ts';
import { PERSIST_NEEDS } from '../remedies/persist/wanted.ts';
import type { Remedy } from '../remedies/remedy.ts';
import type { Step } from '../remedies/step.ts';
import type { IpvsService } from '../snapshot/ipvs.ts';
import { sysctlName } from '../snapshot/sysctl-name.ts';
import { explainIpvs, type IpvsFacts } from './ipvs-forwarding/words.ts';

const NEEDS = ['ipvs', 'links', 'sysctl', 'netfilter', 'kubernetes', ...PERSIST_NEEDS] as const;
type Needed = Parts<(typeof NEEDS)[number]>;
type Verdict = Judgement<IpvsFacts>;

const CONNTRACK = 'net/ipv4/vs/conntrack';

/**
 * Requests go in, nothing comes out. Only masquerading destinations answer through this host (direct routing and
 * tunnels answer past it), and only where an answer is due: TCP, and DNS over UDP.
 */
function isOneWay({ protocol, port, stats, destinations }: IpvsService): boolean {
  if (!stats || stats.inPackets === 0 || stats.outPackets > 0) return false;
  const answers = protocol === 'tcp' || (protocol === 'udp' && port === 53);
  return answers && destinations.length > 0 && destinations.every(({ forward }) => forward === 'Masq');
}

function nameOf({ protocol, address, port }: IpvsService): string {
  return `${protocol} ${address.includes(':') ? `[${address}]` : address}:${port}`;
}

function judgeService(service: IpvsService, source: string): Verdict {
  const subject = nameOf(service);
  const { stats } = service;
  const value = stats ? `Conns ${stats.connections}, InPkts ${stats.inPackets}, OutPkts ${stats.outPackets}` : '';
  const evidence: Evidence[] = [{ source, value, wanted: 'OutPkts > 0' }];
  return { status: 'problem', subject, severity: 'critical', facts: { kind: 'one-way', service: subject }, evidence };
}

/** What could not be read is no sign of health; what does not exist is not set wrong. */
function unread(subject: string, reading: Unknown): readonly Verdict[] {
  if (reading.reason === 'absent') return [];
  return [{ status: 'unknown', subject, severity: 'warning', unknown: reading, evidence: [] }];
}

/** A setting IPVS rests on here, and what is lost without. */
interface Rest {
  readonly key: string;
  readonly value: string;
  readonly severity: Severity;
  readonly facts: IpvsFacts;
  readonly reason: Bilingual;
}

const CONNTRACK_REST: Rest = {
  key: CONNTRACK,
  value: '1',
  severity: 'critical',
  facts: { kind: 'conntrack-off' },
  reason: {
    en: 'kube-proxy sets it at start; without it NAT never sees IPVS’s connections',
    'zh-CN': 'kube-proxy 启动时会设置；为 0 时 NAT 看不到 IPVS 的连接',
  },
};

/** strictARP: with the virtual addresses on a device of every node, only these two keep nodes from answering ARP for all. */
const STRICT_ARP: readonly Rest[] = (['arp_ignore', 'arp_announce'] as const).map((name) => {
  const key = `net/ipv4/conf/all/${name}`;
  const value = name === 'arp_ignore' ? '1' : '2';
  return {
    key,
    value,
    severity: 'warning',
    facts: { kind: 'arp', key, value },
    reason: {
      en: 'strictARP: without it every node answers ARP for every Service address',
      'zh-CN': 'strictARP：否则每个节点都会应答所有 Service 地址的 ARP',
    },
  };
});

/** kube-proxy sets the first at start, and masquerading needs it; the others where it is told to. */
function restsOn({ kubernetes: { strictArp } }: Needed): readonly Rest[] {
  return [CONNTRACK_REST, ...(strictArp.known && strictArp.value ? STRICT_ARP : [])];
}

function judgeSettings(parts: Needed): readonly Verdict[] {
  return restsOn(parts).flatMap(({ key, value: wanted, severity, facts }): readonly Verdict[] => {
    const subject = sysctlName(key);
    const value = parts.sysctl.get(key);
    if (!value.known) return unread(subject, value);
    if (value.value === wanted) return [];
    return [
      {
        status: 'problem',
        subject,
        severity,
        facts,
        evidence: [{ source: value.source, value: value.value, wanted }],
      },
    ];
  });
}

/** kube-proxy hangs every virtual address on the dummy device kube-ipvs0. */
function judgeDevice(parts: Needed, services: readonly IpvsService[]): readonly Verdict[] {
  const mode = parts.kubernetes.proxyMode;
  if (!mode.known || mode.value !== 'ipvs' || services.length === 0) return [];
  if (!parts.links.known) return unread('kube-ipvs0', parts.links);
  if (parts.links.value.some((link) => link.name === 'kube-ipvs0')) return [];
  const evidence = [{ source: parts.links.source, value: 'no kube-ipvs0', wanted: 'kube-ipvs0' }];
  return [
    { status: 'problem', subject: 'kube-ipvs0', severity: 'critical', facts: { kind: 'device-missing' }, evidence },
  ];
}

/**
 * A NodePort asked on one node and answered on another comes back only when the first one put its own address on the
 * request: kube-proxy's KUBE-POSTROUTING masquerades what it marked (pkg/proxy/ipvs).
 */
function judgeMasquerade({ kubernetes, netfilter }: Needed): readonly Verdict[] {
  const mode = kubernetes.proxyMode;
  if (!mode.known || mode.value !== 'ipvs') return [];
  const rules = netfilter.rules('ipv4');
  if (!rules.known) return unread('KUBE-POSTROUTING', rules);
  const chains = rules.value.tables.flatMap((table) => [...table.chains.values()]);
  if (chains.some((chain) => chain.rules.some(({ target }) => target.kind === 'masquerade'))) return [];
  const evidence = [{ source: rules.source, value: 'no MASQUERADE rule', wanted: 'KUBE-POSTROUTING -j MASQUERADE' }];
  const facts: IpvsFacts = { kind: 'masquerade-missing' };
  return [{ status: 'problem', subject: 'KUBE-POSTROUTING', severity: 'critical', facts, evidence }];
}

function check(parts: Needed, profile: Profile): readonly Verdict[] {
  const { ipvs } = parts;
  const expected = profile.proxyMode === 'ipvs';
  if (!ipvs.known) {
    if (ipvs.reason === 'absent') {
      return [{ status: 'not-applicable', subject: '', why: 'no IPVS in this kernel now', evidence: [] }];
    }
    return [{ status: 'unknown', subject: '', severity: expected ? 'warning' : 'info', unknown: ipvs, evidence: [] }];
  }
  if (ipvs.value.length === 0) {
    return [{ status: 'not-applicable', subject: '', why: 'no virtual services', evidence: [] }];
  }
  const found = [
    ...ipvs.value.filter(isOneWay).map((service) => judgeService(service, ipvs.source)),
    ...judgeSettings(parts),
    ...judgeDevice(parts, ipvs.value),
    ...judgeMasquerade(parts),
  ];
  if (found.length > 0) return found;
  return [
    { status: 'ok', subject: '', evidence: [{ source: ipvs.source, value: `${ipvs.value.length} virtual services` }] },
  ];
}

/** What IPVS rests on, once it has a service to balance. */
function holds(parts: Needed, profile: Profile): readonly Holding[] {
  const { ipvs, sysctl } = parts;
  if (!ipvs.known) {
    if (ipvs.reason === 'absent') return [];
    return [holdUnknown(sysctlName(CONNTRACK), profile.proxyMode === 'ipvs' ? 'warning' : 'info', ipvs)];
  }
  if (ipvs.value.length === 0) return [];
  return restsOn(parts).flatMap(({ key, value: wanted, reason }): readonly Holding[] => {
    const value = sysctl.get(key);
    if (value.known) return [holdSetting(key, wanted, reason)];
    return value.reason === 'absent' ? [] : [holdUnknown(sysctlName(key), 'warning', value)];
  });
}

/** IPVS takes requests in and lets no answer out. */
export const ipvsForwarding = defineProblem({
  id: 'ipvs-forwarding',
  title: { en: 'IPVS forwarding', 'zh-CN': 'IPVS 转发' },
  needs: NEEDS,
  dependsOn: ['ip-forward', 'rp-filter', 'forward-policy'],
  check,
  explain: explainIpvs,
  prove: () =>
    'ipvsadm -L -n --stats; sysctl net.ipv4.ip_forward net.ipv4.vs.conntrack; ip addr show kube-ipvs0; iptables -t nat -S KUBE-POSTROUTING',
  remedies(facts, parts, profile): readonly Remedy[] {
    if (facts.kind !== 'conntrack-off' && facts.kind !== 'arp') return [];
    const { key, value } = facts.kind === 'arp' ? facts : { key: CONNTRACK, value: '1' };
    const steps: Step[] = [{ kind: 'setting', key, value }];
    const summary = { en: `Set ${key} to ${value}`, 'zh-CN': `将 ${key} 设为 ${value}` };
    return [
      { id: 'set', summary, risk: 'low', scope: 'now', steps },
      ...durable({ settings: [{ key, value }] }, 'ipvs-forwarding', profile, parts),
    ];
  },
  holds,
});
