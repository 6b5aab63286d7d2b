import type { Unknown } from '../../hosts/reading.ts';
import type { Evidence } from '../../judging/finding.ts';
import { outcomeText } from '../api-state.ts';
import type { ManagementAddress } from '../model/management-address.ts';
import { type ClusterJudgement, type ClusterParts, defineClusterProblem } from '../problem.ts';
import { ageSeconds, clusterNow } from '../time.ts';
import { awaitingService, vipState } from '../vip-state.ts';

interface Facts {
  readonly kind: 'no-address' | 'no-answer' | 'certificate' | 'differs';
  readonly address: string;
  readonly detail: string;
  /** Who is to carry it, as kube-vip says; empty where nobody holds it. */
  readonly holder: string;
}

/** A holder that dies loses its lease in 15 s (kube-vip's lease duration); then neighbours' ARP entries age. */
const DEADLINE_SECONDS = 120;

/** Chosen, not measured: kube-vip starts after its node is Ready, and asks again by DHCP up to a minute apart (pkg/vip/dhcpv4.go). */
const NO_ADDRESS_SECONDS = 600;

type Parts = ClusterParts<'managementAddress' | 'vantage' | 'services'>;

function check(parts: Parts): readonly ClusterJudgement<Facts>[] {
  const vip = parts.managementAddress;
  const { address } = vip;
  if (!address.known) return [judgeNone(parts, address)];
  const facts = { address: address.value, holder: holderOf(vip, clusterNow(parts)) };
  return [judgeAnswer(parts, facts), ...judgeCertificate(vip, facts), ...judgeConfigured(vip, facts)];
}

/** There is none: because none is wanted, or because it is still to come. */
function judgeNone(parts: Parts, address: Unknown): ClusterJudgement<Facts> {
  const notKnown = (unknown: Unknown): ClusterJudgement<Facts> => {
    return { status: 'unknown', subject: '', severity: 'critical', unknown, evidence: [] };
  };
  if (address.reason !== 'absent' && address.reason !== 'not-collected') return notKnown(address);
  if (!parts.services.known) return notKnown(parts.services);
  const service = awaitingService(parts);
  if (!service) return { status: 'not-applicable', subject: '', why: address.detail, evidence: [] };
  const { namespace, name, annotations } = service;
  const subject = `Service ${namespace}/${name}`;
  const value = Object.entries(annotations)
    .map(([key, said]) => `${key}=${said}`)
    .join(' ');
  const facts: Facts = { kind: 'no-address', address: '', detail: subject, holder: '' };
  const settles = { deadlineSeconds: NO_ADDRESS_SECONDS };
  const evidence = [{ source: subject, value, wanted: 'an address in its status' }];
  return { status: 'problem', subject, severity: 'critical', settles, facts, evidence };
}

type Known = Pick<Facts, 'address' | 'holder'>;

/** Any HTTP answer will do here: what it says is Harvester's own matter. */
function judgeAnswer(parts: Parts, known: Known): ClusterJudgement<Facts> {
  const subject = known.address;
  const { https, vipHost, lease } = parts.managementAddress;
  const state = vipState(parts);
  const evidence: Evidence[] = [
    ...(https.known ? [{ source: https.source, value: outcomeText(https.value) }] : []),
    ...(vipHost.known ? [{ source: vipHost.source, value: vipHost.value }] : []),
    ...(lease.known
      ? [{ source: lease.source, value: `${lease.value.holder}, renewed ${lease.value.renewedAt}` }]
      : []),
  ];
  if (typeof state === 'object') return { status: 'unknown', subject, severity: 'critical', unknown: state, evidence };
  if (state !== 'bad' || !https.known) return { status: 'ok', subject, evidence };
  const settles = { deadlineSeconds: DEADLINE_SECONDS };
  const facts: Facts = { ...known, kind: 'no-answer', detail: outcomeText(https.value) };
  return { status: 'problem', subject, severity: 'critical', settles, facts, evidence };
}

function judgeCertificate({ certificate }: ManagementAddress, known: Known): ClusterJudgement<Facts>[] {
  if (!certificate.known || certificate.value.coversName !== false) return [];
  const { names, issuer, place } = certificate.value;
  const value = names.join(', ') || certificate.value.subject;
  const evidence = [{ source: place, value: `${value}, by ${issuer}`, wanted: known.address }];
  const facts: Facts = { ...known, kind: 'certificate', detail: value };
  return [{ status: 'problem', subject: `certificate of ${known.address}`, severity: 'warning', facts, evidence }];
}

/** Two places say which address it is: ConfigMap and Service. After a change of one the other is stale. */
function judgeConfigured({ configured, address }: ManagementAddress, known: Known): ClusterJudgement<Facts>[] {
  if (!configured.known || configured.value.ip === '' || configured.value.ip === known.address) return [];
  const evidence = [
    { source: configured.source, value: configured.value.ip },
    { source: address.source, value: known.address },
  ];
  const facts: Facts = { ...known, kind: 'differs', detail: configured.value.ip };
  return [{ status: 'problem', subject: 'ConfigMap harvester-system/vip', severity: 'warning', facts, evidence }];
}

function holderOf({ lease, vipHost }: ManagementAddress, now: number): string {
  if (lease.known) {
    const { holder, renewedAt, durationSeconds } = lease.value;
    const age = ageSeconds(renewedAt, now);
    return age !== undefined && age > durationSeconds ? '' : holder;
  }
  return vipHost.known ? vipHost.value : '';
}

/** The management address does not answer, or not as itself. */
export const vipUnreachable = defineClusterProblem({
  id: 'vip-unreachable',
  title: { en: 'Management address', 'zh-CN': '管理地址' },
  needs: ['managementAddress', 'vantage', 'services'],
  dependsOn: ['vip-conflict', 'port-conflict', 'node-unready'],
  check,
  explain(facts) {
    return { title: titleOf(facts), cause: causeOf(facts), impact: IMPACTS[facts.kind] };
  },
  prove: ({ kind, address }) =>
    kind === 'no-address' || kind === 'differs'
      ? PROOFS[kind]
      : `curl -skv https://${host(address)}/ -o /dev/null; ip neigh show ${address}`,
});

const PROOFS = {
  'no-address':
    'kubectl -n kube-system get service -o wide; kubectl -n harvester-system logs daemonset/kube-vip --tail 30',
  differs:
    'kubectl -n harvester-system get configmap vip -o yaml; kubectl -n kube-system get service ingress-expose -o wide',
} as const;

function host(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}

function titleOf({ kind, address, detail }: Facts) {
  switch (kind) {
    case 'no-address':
      return { en: `${detail} has no address yet`, 'zh-CN': `${detail} 尚未获得地址` };
    case 'no-answer':
      return { en: `${address} does not answer`, 'zh-CN': `${address} 没有应答` };
    case 'certificate':
      return {
        en: `${address} answers with a certificate for ${detail}`,
        'zh-CN': `${address} 返回的证书属于 ${detail}`,
      };
    case 'differs':
      return {
        en: `The address is ${address} and configured as ${detail}`,
        'zh-CN': `实际地址为 ${address}，配置为 ${detail}`,
      };
  }
}

function causeOf({ kind, address, detail, holder }: Facts) {
  if (kind === 'no-address') {
    return {
      en: 'kube-vip has not given it one: it is not running yet, or no DHCP server answers it.',
      'zh-CN': 'kube-vip 尚未为它分配地址：尚未运行，或没有 DHCP 服务器应答。',
    };
  }
  if (kind === 'certificate') {
    return {
      en: 'Another machine may answer there, or the certificate was made before the address was.',
      'zh-CN': '可能是另一台机器在应答，或证书签发早于该地址的设定。',
    };
  }
  if (kind === 'differs') {
    return {
      en: 'Service and ConfigMap differ: one of them was changed alone, or DHCP gave another address.',
      'zh-CN': 'Service 与 ConfigMap 不一致：只改了其中一处，或 DHCP 分配了其他地址。',
    };
  }
  if (holder === '') {
    return {
      en: `${detail}. No kube-vip holds the lease harvester-system/plndr-svcs-lock, so no node carries ${address}.`,
      'zh-CN': `${detail}。没有 kube-vip 持有租约 harvester-system/plndr-svcs-lock，因此没有节点承载 ${address}。`,
    };
  }
  return {
    en: `${detail}. ${holder} is to carry it: see there whether the address is on its interface, and what listens on 443.`,
    'zh-CN': `${detail}。应由 ${holder} 承载：请检查该节点接口上是否有此地址、443 端口由谁监听。`,
  };
}

const IMPACTS = {
  'no-address': {
    en: 'There is nothing to open the dashboard at, and nothing for new nodes to join at.',
    'zh-CN': '没有可以打开界面的地址，新节点也无处加入。',
  },
  'no-answer': {
    en: 'The dashboard cannot be opened, joined nodes show NotReady on their console, new nodes cannot join (9345).',
    'zh-CN': '界面无法打开，已加入的节点控制台显示 NotReady，新节点无法加入（9345）。',
  },
  certificate: {
    en: 'Whoever verifies it refuses: joining nodes, Rancher agents, kubectl.',
    'zh-CN': '校验方会拒绝：加入的节点、Rancher agent、kubectl。',
  },
  differs: {
    en: 'The first node’s console and the others name different addresses; certificates are made for one of them.',
    'zh-CN': '首个节点与其他节点的控制台显示不同地址；证书只对其中之一有效。',
  },
} as const;
