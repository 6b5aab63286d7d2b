import type { Words } from '../../judging/problem.ts';
import type { Family } from '../../snapshot/netfilter/ruleset.ts';
import type { Loss } from '../../topology/bridged-frames.ts';
import type { LaunchPhase } from '../../topology/launch-phase.ts';

export type BridgeNetfilterFacts =
  | {
      readonly kind: 'frames-lost';
      readonly bridge: string;
      readonly families: readonly Family[];
      readonly losses: readonly Loss[];
      readonly vlanAware: boolean;
      /** Services here that write 1 whenever they start. */
      readonly resetters: readonly string[];
    }
  | { readonly kind: 'hairpin-lost'; readonly bridge: string; readonly moduleMissing: boolean }
  | { readonly kind: 'against-profile'; readonly phase: LaunchPhase; readonly resetters: readonly string[] };

type Lost = Extract<BridgeNetfilterFacts, { kind: 'frames-lost' }>;

export function explainBridgeNetfilter(facts: BridgeNetfilterFacts): Words {
  switch (facts.kind) {
    case 'frames-lost':
      return framesLost(facts);
    case 'hairpin-lost':
      return hairpinLost(facts.bridge, facts.moduleMissing);
    case 'against-profile':
      return againstProfile(facts.resetters);
  }
}

function framesLost({ bridge, losses, vlanAware, resetters }: Lost): Words {
  const [loss] = losses;
  const dropped = losses.some(({ effect }) => effect === 'dropped');
  const protocols = [...new Set(losses.map(({ protocol }) => protocol))].join(', ');
  const rule = loss ? `${loss.decidedBy.table} ${loss.decidedBy.chain}: ${loss.decidedBy.text}` : '';
  const path = loss ? `${loss.from} → ${loss.to}` : '';
  return {
    title: {
      en: `iptables ${dropped ? 'drops' : 'rewrites'} frames that ${bridge} bridges`,
      'zh-CN': `iptables ${dropped ? '丢弃' : '改写'}了网桥 ${bridge} 转发的帧`,
    },
    cause: {
      en:
        `Bridge netfilter is on, so frames that ${bridge} forwards (${path}; ${protocols}) pass through iptables, ` +
        `where this decides: ${rule}. The value springs to 1 whenever br_netfilter loads${writersEn(resetters)}. ` +
        `A machine without that module, or whose FORWARD accepts, does not show it${vlanAware ? '; nor do frames of tagged VLANs on this VLAN-aware bridge' : ''}.`,
      'zh-CN':
        `网桥 netfilter 处于打开状态，${bridge} 转发的帧（${path}；${protocols}）会再经过 iptables，` +
        `由这条规则决定：${rule}。br_netfilter 模块每次加载时该值都会变回 1${writersZh(resetters)}。` +
        `没有加载该模块、或 FORWARD 放行的机器不会出现此现象${vlanAware ? '；此网桥开启了 VLAN 过滤，带标签的 VLAN 帧也不受影响' : ''}。`,
    },
    impact: dropped ? DROPPED : REWRITTEN,
  };
}

const DROPPED: Words['impact'] = {
  en: 'VMs on this bridge lose their network: no ping between VMs, an imported cluster stays Pending in Rancher and never turns Active, "no route to host" or time-outs on the same subnet.',
  'zh-CN':
    '该网桥上的虚拟机网络不通：虚拟机之间无法 ping 通，导入 Rancher 的集群一直停在 Pending、不会变为 Active，同网段访问超时或报 “no route to host”。',
};

/** The answer goes to the node, which routes it back to the sender, or drops it where it does not forward. */
const REWRITTEN: Words['impact'] = {
  en: "VMs on this bridge see the node's address instead of each other's: answers go to the node and are lost where it does not forward, and access lists, clusters and logs that go by the sender's address are wrong.",
  'zh-CN':
    '该网桥上的虚拟机看到的是节点地址，而不是对方的地址：应答会发往节点，节点不转发时应答即丢失；依赖源地址的访问控制、集群成员识别和日志也会出错。',
};

function writersEn(resetters: readonly string[]): string {
  return resetters.length > 0 ? `, and ${resetters.join(', ')} writes 1 at every start` : '';
}

function writersZh(resetters: readonly string[]): string {
  return resetters.length > 0 ? `，${resetters.join('、')} 每次启动也会写入 1` : '';
}

function hairpinLost(bridge: string, moduleMissing: boolean): Words {
  return {
    title: {
      en: `Pods on ${bridge} cannot reach a Service whose endpoint is on the same bridge`,
      'zh-CN': `网桥 ${bridge} 上的 Pod 无法访问后端在同一网桥上的 Service`,
    },
    cause: {
      en: `Bridge netfilter is off for ${bridge}${moduleMissing ? ' (br_netfilter is not loaded)' : ''}: a reply that stays on the bridge never meets conntrack, so its address is not translated back and the client discards it.`,
      'zh-CN': `${bridge} 未开启网桥 netfilter${moduleMissing ? '（br_netfilter 未加载）' : ''}：留在网桥内的应答不经过 conntrack，地址不会被还原，客户端会将其丢弃。`,
    },
    impact: {
      en: 'Service and DNS time-outs between Pods of one node ("CoreDNS i/o timeout"), while the same Service works from other nodes.',
      'zh-CN':
        '同一节点上的 Pod 访问 Service 或 DNS 超时（“CoreDNS i/o timeout”），而从其他节点访问同一 Service 正常。',
    },
  };
}

function againstProfile(resetters: readonly string[]): Words {
  return {
    title: {
      en: 'Bridge netfilter is on where Harvester needs it off',
      'zh-CN': 'Harvester 要求关闭的网桥 netfilter 处于打开状态',
    },
    cause: {
      en: `net.bridge.bridge-nf-call-iptables is 1 after the cluster's service has started${resetters.length > 0 ? ` (${resetters.join(', ')} writes 1 at every start, and nothing put it back)` : ''}. Today's rules let bridged frames pass; the next rule may not.`,
      'zh-CN': `集群服务启动后 net.bridge.bridge-nf-call-iptables 仍为 1${resetters.length > 0 ? `（${resetters.join('、')} 每次启动都会写入 1，之后没有恢复）` : ''}。目前的规则尚未丢帧，但新增规则后随时可能丢。`,
    },
    impact: {
      en: 'VM traffic is one FORWARD policy, NetworkPolicy or masquerade rule away from being lost: VMs unreachable, imports stuck Pending in Rancher.',
      'zh-CN':
        '只要出现一条 FORWARD 策略、NetworkPolicy 或 masquerade 规则，虚拟机流量就会丢失：虚拟机不可达，Rancher 导入停在 Pending。',
    },
  };
}
