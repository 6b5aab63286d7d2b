import { bridgeOf, KEYS } from '../../harvester/names.ts';
import { type NoRouteNeeded, noRouteNeeded } from '../../harvester/vm-network.ts';
import type { Evidence, Finding } from '../../judging/finding.ts';
import type { Bilingual, Lang } from '../../lang.ts';
import { type NetworkProblem, networkFinding, type SaidOfNetwork } from '../network-finding.ts';
import { type ListedNetwork, listNetworks, type NetworkObjects } from './listed-network.ts';

/** The problems a list of networks can have. */
export const LIST_PROBLEMS: readonly string[] = [
  'vm-network-dhcp',
  'vm-network-gateway-unreachable',
  'vm-network-route-missing',
  'vm-network-route-invalid',
  'vm-network-status-stale',
] satisfies readonly NetworkProblem[];

/**
 * What is wrong with the networks of a cluster, in the shape of all findings. `target` is the cluster. Networks that could not be read
 * are one unknown.
 */
export function listFindings(objects: NetworkObjects, target: string, lang: Lang): readonly Finding[] {
  const { attachments } = objects;
  if (!attachments.known) {
    const { reason, detail } = attachments;
    const said: SaidOfNetwork = {
      problem: 'vm-network-dhcp',
      status: 'unknown',
      severity: 'warning',
      unknown: { reason, detail },
    };
    return [networkFinding(said, { target, subject: '' }, lang)];
  }
  return listNetworks(objects).flatMap((network) =>
    [...connection(network), ...annotation(network)].map((said) =>
      networkFinding(said, { target, subject: network.attachment.key }, lang),
    ),
  );
}

const CUT_OFF: Bilingual = {
  en: 'VMs of this network, at least those on the nodes named, are cut off.',
  'zh-CN': '该网络中的虚拟机断网，至少所列节点上的如此。',
};

function connection(network: ListedNetwork): readonly SaidOfNetwork[] {
  const { state, source } = network;
  const problem = blamed(network);
  const evidence = evidenceOf(network);
  if (state === 'active') return [{ problem, status: 'ok', severity: 'info', evidence }];
  if (state === 'unknown') return [unknownConnection(network, evidence)];
  const cause: Bilingual =
    source === 'report'
      ? { en: network.message, 'zh-CN': network.message }
      : {
          en: `Harvester's annotation says ${JSON.stringify(network.reason)}. It pings from one node's host network, and never asks DHCP twice: hayward networks controller tells what VMs see.`,
          'zh-CN': `Harvester 的注解为 ${JSON.stringify(network.reason)}。它从某个节点的主机网络 ping，且 DHCP 失败后不再重试；用 hayward networks controller 才能知道虚拟机看到的情况。`,
        };
  const { key } = network.attachment;
  const title = { en: `${key} is not connected (${network.reason})`, 'zh-CN': `${key} 未连通（${network.reason}）` };
  const severity = source === 'report' && network.reason !== 'Loss' ? 'critical' : 'warning';
  return [{ problem, status: 'problem', severity, title, cause, impact: CUT_OFF, evidence, prove: proof(network) }];
}

function unknownConnection(network: ListedNetwork, evidence: readonly Evidence[]): SaidOfNetwork {
  const { reason, message, source, attachment } = network;
  const base = { problem: blamed(network), severity: 'info', evidence } as const;
  const isLeftOut =
    reason === 'NotProbed' || (source === 'annotation' && isNotAsked(noRouteNeeded(attachment.network)));
  if (isLeftOut) return { ...base, status: 'not-applicable', cause: { en: message, 'zh-CN': message } };
  const detail = message || 'no controller has reported it, and Harvester’s annotation says nothing';
  // Where nobody claims a state it is no question that is open; the missing annotation is a finding of its own.
  const severity = attachment.route.kind === 'none' ? 'info' : 'warning';
  const why = reason === 'Denied' ? 'denied' : reason === 'Failed' ? 'failed' : 'not-collected';
  return { ...base, severity, status: 'unknown', unknown: { reason: why, detail }, prove: proof(network) };
}

function isNotAsked(why: NoRouteNeeded | undefined): boolean {
  return why !== undefined && why !== 'untagged';
}

const GATEWAY_REASONS: readonly string[] = ['ArpSilent', 'IcmpLost', 'Loss', 'false', 'true'];

function blamed({ reason, attachment }: ListedNetwork): NetworkProblem {
  const isGiven = attachment.route.kind === 'read' && attachment.route.route.mode !== 'auto';
  const isDhcp = reason.startsWith('Dhcp') || reason === 'DHCP failed';
  return GATEWAY_REASONS.includes(reason) || (isGiven && !isDhcp)
    ? 'vm-network-gateway-unreachable'
    : 'vm-network-dhcp';
}

function evidenceOf({ nodes, source, attachment, reason }: ListedNetwork): readonly Evidence[] {
  if (source === 'annotation')
    return [{ source: `annotation ${KEYS.route} of ${attachment.key}`, value: reason || '""' }];
  return nodes.map(({ name, state, reason: why, message }) => ({
    source: name,
    value: [state, why, message].filter(Boolean).join(', '),
  }));
}

/** On the first node that says something is wrong. */
function proof({ attachment, nodes }: ListedNetwork): string {
  const { network } = attachment;
  const at = nodes.find(({ state }) => state !== 'active');
  const vlan = network.read.ok ? network.read.config.vlan : 0;
  const bridge = bridgeOf(network.clusterNetwork ?? '');
  const probe = `hayward networks probe --bridge ${bridge} --vlan ${vlan}`;
  return at && /^[\w.-]+$/.test(at.name) ? `ssh ${at.name} ${probe}` : probe;
}

function annotation(network: ListedNetwork): readonly SaidOfNetwork[] {
  const { attachment } = network;
  const { route } = attachment;
  if (route.kind === 'faulty') return [invalidRoute(attachment.key, route.text, route.fault.kind)];
  if (route.kind === 'none') return missingRoute(attachment.key, noRouteNeeded(attachment.network));
  return stale(network, route.route.connectivity);
}

const SHOW = 'kubectl get net-attach-def -A -o yaml | hayward lint -';

function invalidRoute(key: string, text: string, kind: string): SaidOfNetwork {
  return {
    problem: 'vm-network-route-invalid',
    status: 'problem',
    severity: 'warning',
    title: {
      en: `The route of ${key} is not one Harvester can use`,
      'zh-CN': `Harvester 无法使用 ${key} 的 route 注解`,
    },
    cause: { en: `What is wrong with it: ${kind}.`, 'zh-CN': `错误类别：${kind}。` },
    impact: {
      en: 'Harvester never asks whether the network is connected; hayward leaves the annotation alone.',
      'zh-CN': 'Harvester 永远不会检查该网络是否连通；hayward 也不改动该注解。',
    },
    evidence: [{ source: `annotation ${KEYS.route}`, value: text.slice(0, 200) }],
    prove: SHOW,
  };
}

function missingRoute(key: string, why: NoRouteNeeded | undefined): readonly SaidOfNetwork[] {
  const problem = 'vm-network-route-missing';
  if (isNotAsked(why)) return [{ problem, status: 'not-applicable', severity: 'info' }];
  if (why === 'untagged') return [untaggedRoute(key)];
  return [
    {
      problem,
      status: 'problem',
      severity: 'warning',
      title: {
        en: `${key} has no route, so Harvester shows no state`,
        'zh-CN': `${key} 没有 route 注解，Harvester 不显示状态`,
      },
      cause: {
        en: `Without the annotation ${KEYS.route} Harvester neither asks DHCP nor pings.`,
        'zh-CN': `没有注解 ${KEYS.route}，Harvester 既不请求 DHCP 也不 ping。`,
      },
      impact: {
        en: 'Its connectivity stays empty for ever. hayward networks controller --default-route auto fills it once DHCP answers.',
        'zh-CN': '连通状态一直为空。hayward networks controller --default-route auto 会在 DHCP 应答后补上。',
      },
      prove: SHOW,
    },
  ];
}

/** A route would change nothing, and the controller gives it none. */
function untaggedRoute(key: string): SaidOfNetwork {
  return {
    problem: 'vm-network-route-missing',
    status: 'problem',
    severity: 'info',
    title: {
      en: `${key} is untagged, so Harvester shows no state`,
      'zh-CN': `${key} 为无标签网络，Harvester 不显示状态`,
    },
    cause: {
      en: `Harvester asks DHCP and pings for networks with a VLAN alone: the annotation ${KEYS.route} would change nothing.`,
      'zh-CN': `Harvester 只对带 VLAN 的网络请求 DHCP 并 ping：注解 ${KEYS.route} 不起作用。`,
    },
    impact: {
      en: 'Nothing for the VMs. hayward networks controller probes it all the same; its state is here and in its VMNetwork.',
      'zh-CN': '对虚拟机没有影响。hayward networks controller 仍会探测它，状态见此处及其 VMNetwork。',
    },
    prove: SHOW,
  };
}

function stale({ agrees, attachment, state }: ListedNetwork, shown: string): readonly SaidOfNetwork[] {
  if (!agrees || agrees.status === 'Unknown') return [];
  const problem = 'vm-network-status-stale';
  if (agrees.status === 'True') return [{ problem, status: 'ok', severity: 'info' }];
  const writers = attachment.routeWriters.join(', ') || '?';
  const { key } = attachment;
  return [
    {
      problem,
      status: 'problem',
      severity: 'warning',
      title: { en: `What Harvester shows of ${key} is not true`, 'zh-CN': `Harvester 显示的 ${key} 状态与事实不符` },
      cause: {
        en: `The annotation says ${JSON.stringify(shown)}, written by ${writers}; seen from the nodes it is ${state}. hayward does not fight over it (${agrees.reason}): ${agrees.message}`,
        'zh-CN': `注解为 ${JSON.stringify(shown)}，由 ${writers} 写入；从节点看是 ${state}。hayward 不与之相争（${agrees.reason}）：${agrees.message}`,
      },
      impact: {
        en: 'Pages and automation believe a state that is not so. The VMs are not touched.',
        'zh-CN': '界面与自动化会相信错误的状态。虚拟机不受影响。',
      },
      evidence: [
        {
          source: `annotation ${KEYS.route}`,
          value: JSON.stringify(shown),
          wanted: state === 'active' ? '"true"' : '"false"',
        },
      ],
      prove: `kubectl get net-attach-def -n ${attachment.namespace} ${attachment.name} -o yaml --show-managed-fields`,
    },
  ];
}
