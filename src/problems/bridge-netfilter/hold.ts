import { unknown } from '../../hosts/reading.ts';
import { type Holding, holdSetting, holdUnknown } from '../../judging/demand.ts';
import type { Severity } from '../../judging/finding.ts';
import type { Bilingual } from '../../lang.ts';
import type { Profile } from '../../profiles/profile.ts';
import type { Family } from '../../snapshot/netfilter/ruleset.ts';
import { type BridgeSwitches, switchesOf } from '../../topology/bridge-switches.ts';
import type { Bridge } from '../../topology/bridges.ts';
import { launchPhase } from '../../topology/launch-phase.ts';
import { bridgesHere, fateIfFiltered, forwardsFrames, GLOBAL, type Needed, serviceOn } from './judge.ts';
import { keepFiltered, keyOf } from './plan.ts';

const LAUNCH: Bilingual = {
  en: 'RKE2 needs 1 at its first launch after boot (harvester-installer#884)',
  'zh-CN': 'RKE2 开机后首次启动时需要 1（harvester-installer#884）',
};
const LAUNCHED: Bilingual = {
  en: 'RKE2 has started; from here on Harvester’s VM traffic needs 0, and every restart of RKE2 writes 1',
  'zh-CN': 'RKE2 已启动；此后 Harvester 的虚拟机流量需要 0，而 RKE2 每次重启都会写入 1',
};
const ON: Bilingual = {
  en: 'A bridge CNI loses hair-pinned Services with 0, and no bridge here carries VMs',
  'zh-CN': '为 0 时网桥型 CNI 的同网桥 Service 访问会失败，且本机没有承载虚拟机的网桥',
};

function eaten(bridge: string): Bilingual {
  return {
    en: `iptables would eat frames that ${bridge} carries between machines of their own`,
    'zh-CN': `iptables 会丢弃或改写网桥 ${bridge} 在虚拟机之间转发的帧`,
  };
}

function hairpin(bridge: string): Bilingual {
  return {
    en: `Service replies that stay on ${bridge} are only translated back where its frames are filtered`,
    'zh-CN': `留在网桥 ${bridge} 内的 Service 应答只有经过过滤才能还原地址`,
  };
}

function relies(bridge: string): Bilingual {
  return {
    en: `${bridge} is filtered and relies on it; its own switch keeps that where the switch all bridges share is off`,
    'zh-CN': `网桥 ${bridge} 依赖过滤；共享开关关闭时由它自己的开关保持`,
  };
}

/** A bridge whose frames the rules would eat. */
type Lost = { readonly bridge: Bridge; readonly one: BridgeSwitches };

/**
 * What the bridges need of the switch they share and of their own, whichever way it stands now. Where one of them needs
 * its frames left alone, the shared switch is 0 and each bridge that relies on filtering has its own.
 */
export function holdBridges(parts: Needed, profile: Profile): readonly Holding[] {
  if (!parts.links.known) return [holdUnknown(GLOBAL, 'warning', parts.links)];
  const phased = profile.bridgeNetfilter === 'off-after-launch';
  const phase = phased ? launchPhase(parts.units, profile).phase : 'launched';
  const global = parts.sysctl.get(keyOf('ipv4'));
  const unreadable = !global.known && global.reason !== 'absent';
  if (unreadable && profile.bridgeNetfilter !== 'by-topology') return [holdUnknown(GLOBAL, 'warning', global)];
  if (phase === 'before-launch') return [holdSetting(keyOf('ipv4'), '1', LAUNCH)];
  if (phase === 'launching') return [];
  if (phase === 'unknown') {
    const { units } = parts.units;
    const unseen = unknown('not-collected', 'systemctl show', 'no unit tells whether RKE2 has started since boot');
    return [holdUnknown(GLOBAL, 'warning', units.known ? unseen : units)];
  }
  const bridges = bridgesHere(parts);
  const layer2 = bridges.filter((bridge) => bridge.role === 'layer2' && forwardsFrames(bridge));
  const { eating, open } = fatesOf(layer2, parts);
  const held = (['ipv4', 'ipv6'] as const).flatMap((family) => {
    const lost = eating.filter(({ one }) => one.family === family);
    const reason = lost[0] ? eaten(lost[0].bridge.link.name) : phased && family === 'ipv4' ? LAUNCHED : undefined;
    return reason ? switchedOff(family, lost, reason, parts, profile) : [];
  });
  const shared = held.some(({ demand }) => demand.kind === 'setting' && demand.key === keyOf('ipv4'));
  if (shared) return [...held, ...open];
  const on = profile.bridgeNetfilter === 'on' && layer2.length === 0;
  return [...held, ...(on ? [holdSetting(keyOf('ipv4'), '1', ON)] : switchedOn(bridges, parts, profile)), ...open];
}

/** The bridges whose frames the rules would eat, and where that cannot be told: it matters where they are filtered now. */
function fatesOf(layer2: readonly Bridge[], parts: Needed): { eating: readonly Lost[]; open: readonly Holding[] } {
  const eating: Lost[] = [];
  const open: Holding[] = [];
  for (const bridge of layer2) {
    for (const one of switchesOf(bridge.link, parts.sysctl)) {
      const { family, own, inForce } = one;
      const fate = inForce.known ? fateIfFiltered(bridge, family, parts) : inForce;
      if (!fate.known) open.push(holdUnknown(`${bridge.link.name} ${own}`, mattersNow(one), fate));
      else if (fate.value.losses.length > 0) eating.push({ bridge, one });
    }
  }
  return { eating, open };
}

/** What the rules would do is of no consequence while no frame meets them. */
function mattersNow({ inForce }: BridgeSwitches): Severity {
  return inForce.known && !inForce.value ? 'info' : 'warning';
}

type Held = Extract<Holding, { status: 'held' }>;

function ownSwitch(bridge: string, name: BridgeSwitches['own'], value: '0' | '1', reason: Bilingual): Held {
  return { status: 'held', demand: { kind: 'bridge-setting', bridge, name, value, reason } };
}

/** The shared switch off, the own ones first, so that nothing that relies on filtering goes without for a moment. */
function switchedOff(
  family: Family,
  lost: readonly Lost[],
  reason: Bilingual,
  parts: Needed,
  profile: Profile,
): readonly Held[] {
  const hairpinned = family === 'ipv4' ? hairpinnedOn(bridgesHere(parts), parts, profile) : [];
  const needing = hairpinned.map(({ bridge }) => ownSwitch(bridge, 'nf_call_iptables', '1', hairpin(bridge)));
  const relying = keepFiltered(family, parts)
    .filter(({ bridge }) => !hairpinned.some((one) => one.bridge === bridge))
    .map(({ bridge, name }) => ownSwitch(bridge, name, '1', relies(bridge)));
  // One that is on without br_netfilter is idle, and nobody's harm yet.
  const alone = lost
    .filter(({ one }) => one.global.known || !one.ownOn)
    .map(({ bridge: { link }, one }) => ownSwitch(link.name, one.own, '0', eaten(link.name)));
  return [
    ...needing,
    ...relying,
    { status: 'held', demand: { kind: 'setting', key: keyOf(family), value: '0', reason } },
    ...alone,
  ];
}

/** No bridge needs it off. One whose Service is hair-pinned is filtered by its own switch, or else by the shared one. */
function switchedOn(bridges: readonly Bridge[], parts: Needed, profile: Profile): readonly Holding[] {
  return hairpinnedOn(bridges, parts, profile).flatMap(({ bridge, one }): readonly Holding[] => {
    // Without br_netfilter neither switch does anything; loading it sets the shared one to 1.
    if (!one.global.known) return one.global.reason === 'absent' ? [] : [holdUnknown(bridge, 'warning', one.global)];
    const byShared = !one.ownOn && one.global.value !== '0';
    return [byShared ? holdSetting(one.key, '1', hairpin(bridge)) : ownSwitch(bridge, one.own, '1', hairpin(bridge))];
  });
}

/** The bridges of a CNI to which a Service may lead back. */
function hairpinnedOn(
  bridges: readonly Bridge[],
  parts: Needed,
  profile: Profile,
): readonly { readonly bridge: string; readonly one: BridgeSwitches }[] {
  return bridges.flatMap((bridge) => {
    if (bridge.role !== 'cni' || !serviceOn(bridge, parts, profile)) return [];
    const [one] = switchesOf(bridge.link, parts.sysctl);
    return one ? [{ bridge: bridge.link.name, one }] : [];
  });
}
