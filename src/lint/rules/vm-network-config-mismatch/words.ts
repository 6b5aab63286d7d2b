import type { CniFault } from '../../../harvester/cni-config.ts';
import {
  HIGHEST_MTU,
  HIGHEST_VLAN,
  LONGEST_CLUSTER_NETWORK,
  LONGEST_INTERFACE,
  LOWEST_MTU,
} from '../../../harvester/names.ts';
import type { Words } from '../../../judging/problem.ts';
import type { Bilingual } from '../../../lang.ts';
import type { Mismatch } from './facts.ts';

const REFUSED: Bilingual = {
  en: 'Harvester refuses it when it is applied.',
  'zh-CN': '应用时会被 Harvester 拒绝。',
};

const CONFIG: { readonly [K in CniFault['kind']]: (fault: Extract<CniFault, { kind: K }>) => Bilingual } = {
  'not-json': ({ message }) => ({
    en: `spec.config is not JSON: ${message}.`,
    'zh-CN': `spec.config 不是 JSON：${message}。`,
  }),
  'not-an-object': () => ({
    en: 'spec.config is JSON, but not an object in braces.',
    'zh-CN': 'spec.config 是 JSON，但不是花括号括起的对象。',
  }),
  'wrong-type': ({ field, wanted }) => ({
    en: `${field} in spec.config must be a ${wanted}.`,
    'zh-CN': `spec.config 中的 ${field} 必须是${{ text: '文本', 'whole number': '整数', list: '列表' }[wanted]}。`,
  }),
  'vlan-range': ({ vlan }) => ({
    en: `VLAN ${vlan} does not exist: they go from 1 to ${HIGHEST_VLAN}, and 0 is untagged.`,
    'zh-CN': `没有 VLAN ${vlan}：范围是 1 到 ${HIGHEST_VLAN}，0 表示 untagged。`,
  }),
  'vlan-and-trunk': ({ vlan }) => ({
    en: `vlan ${vlan} and vlanTrunk exclude each other: beside a trunk vlan is 0.`,
    'zh-CN': `vlan ${vlan} 与 vlanTrunk 互斥：使用 trunk 时 vlan 必须为 0。`,
  }),
  trunk: ({ item }) => ({
    en: `Entry ${item + 1} of vlanTrunk needs an id, or minID and maxID in order, each from 1 to ${HIGHEST_VLAN}.`,
    'zh-CN': `vlanTrunk 的第 ${item + 1} 项需要 id，或按顺序的 minID 与 maxID，均在 1 到 ${HIGHEST_VLAN} 之间。`,
  }),
};

interface Told {
  readonly cause: Bilingual;
  readonly impact?: Bilingual;
}

const OVERWRITTEN: Bilingual = {
  en: 'Harvester writes the label over; until then, and in your repository, it misleads whoever selects by it.',
  'zh-CN': 'Harvester 会改写该标签；在此之前以及在你的仓库中，按标签选择会得到错误的结果。',
};

const TOLD: { readonly [K in Mismatch['kind']]: (facts: Extract<Mismatch, { kind: K }>) => Told } = {
  label: ({ label, says, is }) => ({
    cause:
      is === ''
        ? {
            en: `The label ${label} says ${says}; a network of this type has none.`,
            'zh-CN': `标签 ${label} 为 ${says}；这种类型的网络没有该标签。`,
          }
        : {
            en: `The label ${label} says ${says}, the configuration ${is}.`,
            'zh-CN': `标签 ${label} 为 ${says}，而配置是 ${is}。`,
          },
    impact: label === 'clusternetwork' ? REFUSED : OVERWRITTEN,
  }),
  'bridge-name': ({ bridge }) => ({
    cause: {
      en: `${bridge === '' ? 'The configuration names no bridge' : `The bridge ${bridge} is no cluster network's`}: it must be the cluster network's name and -br, ${LONGEST_INTERFACE} characters at most.`,
      'zh-CN': `${bridge === '' ? '配置中没有 bridge' : `网桥 ${bridge} 不属于任何集群网络`}：必须是集群网络名加 -br，最多 ${LONGEST_INTERFACE} 个字符。`,
    },
  }),
  plugin: ({ type }) => ({
    cause: {
      en: `Harvester knows VM networks of the plugins bridge and kube-ovn, not ${type}.`,
      'zh-CN': `Harvester 的虚拟机网络只支持 bridge 与 kube-ovn 插件，不支持 ${type}。`,
    },
  }),
  provider: ({ provider, wanted }) => ({
    cause: {
      en: `The provider ${provider === '' ? 'is missing' : provider}: kube-ovn finds the network by ${wanted}.`,
      'zh-CN': `provider ${provider === '' ? '缺失' : provider}：kube-ovn 按 ${wanted} 查找网络。`,
    },
  }),
  config: ({ fault }) => ({ cause: (CONFIG[fault.kind] as (one: CniFault) => Bilingual)(fault) }),
  mtu: ({ mtu }) => ({
    cause: {
      en: `An MTU of ${mtu} is not allowed: 0 (the default) or ${LOWEST_MTU} to ${HIGHEST_MTU}.`,
      'zh-CN': `MTU ${mtu} 无效：只能是 0（默认）或 ${LOWEST_MTU} 到 ${HIGHEST_MTU}。`,
    },
  }),
  'mtus-differ': ({ mtu, other, otherMtu }) => ({
    cause: {
      en: `The MTU is ${mtu} here and ${otherMtu} in ${other}: all VlanConfigs of a cluster network need the same.`,
      'zh-CN': `此处 MTU 为 ${mtu}，${other} 中为 ${otherMtu}：同一集群网络的 VlanConfig 必须一致。`,
    },
  }),
  'same-vlan': ({ vlan, clusterNetwork, other }) => ({
    cause: {
      en: `${other} has VLAN ${vlan} of ${clusterNetwork} already.`,
      'zh-CN': `${other} 已使用 ${clusterNetwork} 的 VLAN ${vlan}。`,
    },
    impact: {
      en: 'Two names for one network: what is set for one (route, IP pool, isolation) does not hold for VMs on the other. Harvester refuses a second HostNetworkConfig.',
      'zh-CN':
        '同一个网络有两个名字：对其中一个的设置（route、IP 池、隔离）对另一个上的虚拟机不生效。HostNetworkConfig 重复时会被拒绝。',
    },
  }),
  'cluster-network-name': ({ name }) => ({
    cause: {
      en: `${name} has ${name.length} characters; -br and -bo are added, and Linux's interface names end at ${LONGEST_INTERFACE}: ${LONGEST_CLUSTER_NETWORK} are left.`,
      'zh-CN': `${name} 有 ${name.length} 个字符；还要加上 -br、-bo，而 Linux 接口名最多 ${LONGEST_INTERFACE} 个字符：只剩 ${LONGEST_CLUSTER_NETWORK} 个。`,
    },
  }),
  'interface-name': ({ name }) => ({
    cause: {
      en: `The interface ${name} would have ${name.length} characters; Linux allows ${LONGEST_INTERFACE}.`,
      'zh-CN': `接口 ${name} 有 ${name.length} 个字符；Linux 最多允许 ${LONGEST_INTERFACE} 个。`,
    },
  }),
  missing: ({ field }) => ({ cause: { en: `${field} is missing.`, 'zh-CN': `缺少 ${field}。` } }),
  'wrong-value': ({ field, value, wanted }) => ({
    cause: { en: `${field} is ${value}; wanted: ${wanted}.`, 'zh-CN': `${field} 为 ${value}；应为：${wanted}。` },
  }),
  management: () => ({
    cause: {
      en: 'The management network mgmt is the installer’s; its VlanConfigs are the controller’s own.',
      'zh-CN': '管理网络 mgmt 由安装程序配置；它的 VlanConfig 由控制器自己维护。',
    },
  }),
  'controllers-own': ({ key }) => ({
    cause: {
      en: `The annotation ${key} is the controller's; the MTU is set in the VlanConfig (spec.uplink.linkAttributes.mtu).`,
      'zh-CN': `注解 ${key} 由控制器维护；MTU 在 VlanConfig 中设置（spec.uplink.linkAttributes.mtu）。`,
    },
  }),
  'same-nodes': ({ clusterNetwork, other }) => ({
    cause: {
      en: `${other} selects the same nodes for ${clusterNetwork}: a node takes one VlanConfig of a cluster network.`,
      'zh-CN': `${other} 为 ${clusterNetwork} 选择了相同的节点：每个节点对一个集群网络只能有一个 VlanConfig。`,
    },
  }),
  'subnets-differ': ({ cidr, other }) => ({
    cause: {
      en: `${cidr} and ${other} are of different subnets; the nodes' addresses must be of one.`,
      'zh-CN': `${cidr} 与 ${other} 不在同一子网；各节点的地址必须属于同一子网。`,
    },
  }),
  'two-underlays': ({ other }) => ({
    cause: {
      en: `${other} is the underlay of the overlay networks already; there can be one.`,
      'zh-CN': `${other} 已是 overlay 网络的 underlay；只能有一个。`,
    },
  }),
};

/** The words for a mismatch. */
export function explainMismatch(facts: Mismatch): Words {
  const { cause, impact = REFUSED } = (TOLD[facts.kind] as (one: Mismatch) => Told)(facts);
  const title =
    facts.kind === 'same-vlan'
      ? { en: 'Two networks have the same VLAN', 'zh-CN': '两个网络使用同一 VLAN' }
      : { en: "The network's parts do not fit together", 'zh-CN': '网络各部分的配置不一致' };
  return { title, cause, impact };
}
