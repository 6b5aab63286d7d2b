import type { Reading } from '../../hosts/reading.ts';
import { type Holding, holdSetting, holdUnknown } from '../../judging/demand.ts';
import type { Bilingual } from '../../lang.ts';
import type { Profile } from '../../profiles/profile.ts';
import { sysctlName } from '../../snapshot/sysctl-name.ts';
import { isOneGuests, readSides, type Side } from '../../topology/sides.ts';
import { everySideForwards, GLOBAL, type Needed, ownSwitch, whyForward } from './judge.ts';
import { advertisedBy } from './plan.ts';

const HOST: Bilingual = {
  en: 'This host routes for others; with 0 their packets are dropped',
  'zh-CN': '本机为其他主机或 Pod 转发；为 0 时这些报文会被丢弃',
};
const SIDE: Bilingual = {
  en: 'Packets that arrive here are routed on; the kernel asks this interface, not the host’s switch',
  'zh-CN': '从此接口进入的报文需要转发；内核看的是接口自身的值，而不是全局开关',
};
const NEWCOMERS: Bilingual = {
  en: 'An interface made later (a Pod’s veth, a VLAN) copies this value',
  'zh-CN': '之后新建的接口（Pod 的 veth、VLAN 子接口）会继承该值',
};
const ADVERTISED: Bilingual = {
  en: 'The IPv6 default route comes here by router advertisement, which a host that forwards hears with 2 alone',
  'zh-CN': '此接口通过路由通告获得 IPv6 默认路由；开启转发后只有为 2 时才会继续接收',
};

/** The switches a host that routes for others needs on. */
export function holdForwarding(parts: Needed, profile: Profile): readonly Holding[] {
  return [...holdIpv4(parts, profile), ...holdIpv6(parts, profile)];
}

function holdIpv4(parts: Needed, profile: Profile): readonly Holding[] {
  const sides = readSides('ipv4', parts);
  const why = whyForward('ipv4', sides, parts, profile);
  const subject = sysctlName(GLOBAL.ipv4);
  if (!why.known) return [holdUnknown(subject, 'info', why)];
  if (why.value === undefined) return [];
  const global = parts.sysctl.get(GLOBAL.ipv4);
  if (!global.known) return [holdUnknown(subject, profile.kubernetes ? 'critical' : 'warning', global)];
  // Off, and each side on by itself: that is in order, and stays as it is.
  const bySides = global.value === '0' && everySideForwards(sides, parts, profile);
  const newcomers = profile.kubernetes && parts.sysctl.get(ownSwitch('default')).known;
  return [
    ...(bySides ? [] : [holdSetting(GLOBAL.ipv4, '1', HOST)]),
    ...(newcomers ? [holdSetting(ownSwitch('default'), '1', NEWCOMERS)] : []),
    ...holdSides(sides, parts),
  ];
}

/**
 * Each side's own switch. A Pod's interface comes with the Pod, copies conf.default, and there may be hundreds: it is
 * put right where it is found closed, and not watched.
 */
function holdSides(sides: Reading<readonly Side[]>, { sysctl }: Needed): readonly Holding[] {
  if (!sides.known) return [holdUnknown('net.ipv4.conf.*.forwarding', 'info', sides)];
  return sides.value.flatMap((side) => {
    const own = sysctl.get(ownSwitch(side.link));
    if (!own.known || (isOneGuests(side) && own.value !== '0')) return [];
    return [holdSetting(ownSwitch(side.link), '1', SIDE)];
  });
}

/**
 * IPv6 has the host's switch alone. Before it, accept_ra where the kernel itself hears the advertisements: 0 there
 * means that a program does (systemd-networkd, NetworkManager), which 2 would only get in the way of.
 */
function holdIpv6(parts: Needed, profile: Profile): readonly Holding[] {
  const why = whyForward('ipv6', readSides('ipv6', parts), parts, profile);
  if (!why.known) return [holdUnknown(sysctlName(GLOBAL.ipv6), 'info', why)];
  if (why.value === undefined || !parts.sysctl.get(GLOBAL.ipv6).known) return [];
  const heard = advertisedBy(parts.routes)
    .map((link) => `net/ipv6/conf/${link}/accept_ra`)
    .filter((key) => {
      const value = parts.sysctl.get(key);
      return value.known && value.value !== '0';
    });
  return [...heard.map((key) => holdSetting(key, '2', ADVERTISED)), holdSetting(GLOBAL.ipv6, '1', HOST)];
}
