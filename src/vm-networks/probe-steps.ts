import type { Bilingual } from '../lang.ts';
import type { Offer } from '../probes/vm-network/dhcp-client.ts';
import type { ProbeFacts } from '../probes/vm-network/machine.ts';
import { leadsNowhere } from '../probes/vm-network/outcome.ts';
import { isExpected, milliseconds, type ProbedNetwork, percent, SLOW_OFFER_MS, times } from './probed-network.ts';

/** One line of what the probe did, in the order a VM meets it. */
export interface ProbeStep {
  readonly result: 'fine' | 'wrong' | 'odd' | 'skipped';
  readonly label: Bilingual;
  readonly text: Bilingual;
}

type Step = (network: ProbedNetwork) => readonly ProbeStep[];

const LABEL = {
  bridge: { en: 'Bridge', 'zh-CN': '网桥' },
  uplink: { en: 'Uplink', 'zh-CN': '上联' },
  dhcp: { en: 'DHCP', 'zh-CN': 'DHCP' },
  gateway: { en: 'Gateway', 'zh-CN': '网关' },
  address: { en: 'Address', 'zh-CN': '地址' },
  ping: { en: 'Ping', 'zh-CN': 'Ping' },
  beyond: { en: 'Beyond', 'zh-CN': '网关之外' },
  node: { en: 'This node', 'zh-CN': '本节点' },
} as const satisfies Readonly<Record<string, Bilingual>>;

const bridge: Step = ({ request, probe }) => {
  const sight = probe.bridge;
  if (!sight) return [];
  const { name, up, ports } = sight;
  const label = LABEL.bridge;
  if (!up) return [{ result: 'wrong', label, text: { en: `${name} is down`, 'zh-CN': `${name} 处于 down 状态` } }];
  if (ports === 0)
    return [{ result: 'wrong', label, text: { en: `${name} has no ports`, 'zh-CN': `${name} 没有端口` } }];
  if (request.vlan !== 0 && !sight.filtering) {
    const text = { en: `${name} does not filter VLANs`, 'zh-CN': `${name} 未开启 VLAN 过滤` };
    return [{ result: 'wrong', label, text }];
  }
  const isDark = !sight.carrier;
  const text = isDark
    ? { en: `${name} is up; none of its ports has carrier`, 'zh-CN': `${name} 已启用，但所有端口均无载波` }
    : { en: `${name} is up, ports: ${ports}`, 'zh-CN': `${name} 已启用，端口数：${ports}` };
  return [{ result: isDark ? 'odd' : 'fine', label, text }];
};

const uplinks: Step = ({ request, probe }) =>
  (probe.bridge?.uplinks ?? []).map(({ name, carrier, carries }): ProbeStep => {
    const label = LABEL.uplink;
    if (!carrier) return { result: 'odd', label, text: { en: `${name} has no carrier`, 'zh-CN': `${name} 无载波` } };
    const which = request.vlan === 0 ? { en: 'untagged frames', 'zh-CN': '无标签帧' } : vlanWords(request.vlan);
    if (carries === 'not') {
      const text = { en: `${name} does not carry ${which.en}`, 'zh-CN': `${name} 不承载${which['zh-CN']}` };
      return { result: 'odd', label, text };
    }
    if (carries === undefined)
      return { result: 'fine', label, text: { en: `${name} has carrier`, 'zh-CN': `${name} 有载波` } };
    const how =
      carries === 'tagged' ? { en: 'with its tag', 'zh-CN': '带标签' } : { en: 'untagged', 'zh-CN': '不带标签' };
    const text = {
      en: `${name} carries ${which.en}, ${how.en}`,
      'zh-CN': `${name} 承载${which['zh-CN']}，${how['zh-CN']}`,
    };
    return { result: 'fine', label, text };
  });

const vlanWords = (vlan: number): Bilingual => ({ en: `VLAN ${vlan}`, 'zh-CN': ` VLAN ${vlan} ` });

const dhcp: Step = ({ request, probe }) => {
  const { facts } = probe;
  if (!facts) return [];
  const label = LABEL.dhcp;
  if (facts.offers.length === 0) {
    const text = {
      en: `no offer, asked ${times(facts.discovers)}${facts.manual ? '; not needed, network and gateway were given' : ''}`,
      'zh-CN': `询问 ${facts.discovers} 次，无人应答${facts.manual ? '；已给出网段和网关，无需 DHCP' : ''}`,
    };
    return [{ result: facts.manual ? 'skipped' : 'wrong', label, text }];
  }
  const refusal = facts.refusal;
  return [
    ...facts.offers.map((offer) => offered(offer, isExpected(request, offer.server))),
    ...(facts.served ? [] : [missed(request.servers, facts)]),
    ...(refusal
      ? [
          {
            result: 'wrong' as const,
            label,
            text: {
              en: `${refusal.server} refuses its own offer (NAK) ${refusal.text}`,
              'zh-CN': `${refusal.server} 拒绝了自己的 OFFER（NAK）${refusal.text}`,
            },
          },
        ]
      : []),
    ...(facts.unacknowledged
      ? [{ result: 'wrong' as const, label, text: { en: 'REQUEST was not acknowledged', 'zh-CN': 'REQUEST 未被确认' } }]
      : []),
  ];
};

/** Others offered, and none of those that are meant to be there. */
function missed(servers: readonly string[], { discovers: asked, manual }: ProbeFacts): ProbeStep {
  const text = {
    en: `no offer of ${servers.join(' or ')}, asked ${times(asked)}`,
    'zh-CN': `${servers.join('、')} 未提供地址，询问 ${asked} 次`,
  };
  return { result: manual ? 'odd' : 'wrong', label: LABEL.dhcp, text };
}

function offered({ server, mac, afterMs, relay, cidr, gateway }: Offer, expected: boolean): ProbeStep {
  const isSlow = afterMs >= SLOW_OFFER_MS;
  const after = milliseconds(afterMs);
  const en = [
    `${server} (${mac}) offers ${cidr ?? 'an address without a netmask'}`,
    gateway === undefined ? 'no gateway' : `gateway ${gateway}`,
    `after ${after}${isSlow ? ', slow' : ''}`,
    ...(relay === undefined ? [] : [`by the relay ${relay}`]),
    ...(expected ? [] : ['not expected']),
  ];
  const zh = [
    `${server}（${mac}）提供 ${cidr ?? '不含掩码的地址'}`,
    gateway === undefined ? '无网关' : `网关 ${gateway}`,
    `耗时 ${after}${isSlow ? '，偏慢' : ''}`,
    ...(relay === undefined ? [] : [`经中继 ${relay}`]),
    ...(expected ? [] : ['不在预期之中']),
  ];
  return {
    result: isSlow || !expected ? 'odd' : 'fine',
    label: LABEL.dhcp,
    text: { en: en.join(', '), 'zh-CN': zh.join('，') },
  };
}

const gateway: Step = ({ probe }) => {
  const { facts } = probe;
  const label = LABEL.gateway;
  if (!facts) return [];
  if (!facts.arp) {
    const text = { en: 'none is known: --gateway', 'zh-CN': '未知：可用 --gateway 给出' };
    return [{ result: 'skipped', label, text }];
  }
  const { macs, asked, firstMs } = facts.arp;
  const [first, ...more] = macs;
  if (first === undefined) {
    const text = {
      en: `${facts.gateway} does not answer ARP, asked ${times(asked)}`,
      'zh-CN': `${facts.gateway} 不回应 ARP，询问 ${asked} 次`,
    };
    return [{ result: 'wrong', label, text }];
  }
  const ms = milliseconds(firstMs ?? 0);
  const text = {
    en: `${facts.gateway} is at ${macs.join(' and ')} (ARP, ${ms})`,
    'zh-CN': `${facts.gateway} 位于 ${macs.join(' 和 ')}（ARP，${ms}）`,
  };
  return [{ result: more.length > 0 ? 'odd' : 'fine', label, text }];
};

const address: Step = ({ probe }) => {
  const label = LABEL.address;
  const taken = [...(probe.facts?.taken ?? [])].map(([ip, mac]): ProbeStep => {
    const text = { en: `${ip} is in use by ${mac}`, 'zh-CN': `${ip} 正被 ${mac} 使用` };
    return { result: 'odd', label, text };
  });
  const own = probe.facts?.address;
  if (!own) return taken;
  const text = own.leased
    ? { en: `${own.ip}, leased and given back`, 'zh-CN': `${own.ip}，租用后已归还` }
    : { en: `${own.ip}, nobody has it (ARP)`, 'zh-CN': `${own.ip}，无人使用（ARP）` };
  return [...taken, { result: 'fine', label, text }];
};

const ping: Step = ({ probe }) => {
  const { facts, outcome } = probe;
  if (!facts?.echo || outcome.lossPercent === undefined) return [];
  const { sent, answered, roundTrips } = facts.echo;
  const fastest = roundTrips.length === 0 ? '' : milliseconds(Math.min(...roundTrips));
  const slowest = roundTrips.length === 0 ? '' : milliseconds(Math.max(...roundTrips));
  const loss = percent(outcome.lossPercent);
  const times = roundTrips.length === 0 ? '' : `, ${fastest} to ${slowest}`;
  const timesZh = roundTrips.length === 0 ? '' : `，${fastest} 至 ${slowest}`;
  const text = {
    en: `${answered} of ${sent} answered, ${loss} lost${times}`,
    'zh-CN': `${sent} 次中 ${answered} 次有回应，丢失 ${loss}${timesZh}`,
  };
  const result = outcome.state === 'inactive' ? 'wrong' : answered === sent ? 'fine' : 'odd';
  return [{ result, label: LABEL.ping, text }];
};

const beyond: Step = ({ probe }) => {
  const { facts } = probe;
  if (!facts?.beyond) return [];
  const { address: host, sent, answered, roundTrips } = facts.beyond;
  const slowest = roundTrips.length === 0 ? '' : milliseconds(Math.max(...roundTrips));
  const text = {
    en: `${host}: ${answered} of ${sent} answered${slowest && `, within ${slowest}`}`,
    'zh-CN': `${host}：${sent} 次中 ${answered} 次有回应${slowest && `，${slowest} 以内`}`,
  };
  return [{ result: leadsNowhere(facts) ? 'wrong' : answered === sent ? 'fine' : 'odd', label: LABEL.beyond, text }];
};

const node: Step = ({ probe }) => {
  const label = LABEL.node;
  switch (probe.reach) {
    case 'reaches':
      return [{ result: 'fine', label, text: { en: 'reaches the gateway too', 'zh-CN': '同样能到达网关' } }];
    case 'no-route':
      return [{ result: 'odd', label, text: { en: 'has no route to the gateway', 'zh-CN': '没有到网关的路由' } }];
    case 'no-answer':
      return [{ result: 'odd', label, text: { en: 'gets no answer from the gateway', 'zh-CN': '得不到网关的回应' } }];
    case 'not-asked':
      return [];
  }
};

/** In the order they happen. */
export const PROBE_STEPS: readonly Step[] = [bridge, uplinks, dhcp, gateway, address, ping, beyond, node];
