import type { Parts } from '../../judging/problem.ts';
import type { Profile } from '../../profiles/profile.ts';
import { durable } from '../../remedies/persist/durable.ts';
import type { Remedy } from '../../remedies/remedy.ts';
import type { Step } from '../../remedies/step.ts';
import type { Family } from '../../snapshot/netfilter/ruleset.ts';
import { type BridgeSwitches, switchesOf } from '../../topology/bridge-switches.ts';
import { bridgesHere } from './judge.ts';
import type { BridgeNetfilterFacts } from './words.ts';

type Needed = Parts<'sysctl' | 'links' | 'cni' | 'units' | 'os' | 'udevRules' | 'moduleFiles' | 'harvester'>;
type BridgeStep = Extract<Step, { kind: 'bridge-setting' }>;

/**
 * Settles what the bridges of one node want of a switch that all of them share: the namespace's switch goes to 0,
 * and every bridge that is filtered today and whose owner relies on it (a bridge CNI, Docker) first gets its own
 * switch, so that nothing of theirs changes.
 */
export function planBridgeNetfilter(facts: BridgeNetfilterFacts, parts: Needed, profile: Profile): readonly Remedy[] {
  switch (facts.kind) {
    case 'frames-lost':
      return unfilter(facts.families, facts.bridge, parts, profile);
    case 'against-profile':
      return unfilter(['ipv4'], undefined, parts, profile);
    case 'hairpin-lost':
      return facts.moduleMissing ? [] : filter(facts.bridge, parts, profile);
  }
}

function unfilter(
  families: readonly Family[],
  bridge: string | undefined,
  parts: Needed,
  profile: Profile,
): readonly Remedy[] {
  const keep = families.flatMap((family) => keepFiltered(family, parts));
  const ownOff = families.flatMap((family) => ownSwitchOff(family, bridge, parts));
  const settings = families.flatMap((family) => globalOn(family, parts));
  const steps: Step[] = [...keep, ...settings.map((key) => ({ kind: 'setting', key, value: '0' }) as const), ...ownOff];
  const durableSettings = families.map((family) => ({ key: keyOf(family), value: '0' }));
  return [
    {
      id: 'unfilter',
      summary: {
        en:
          keep.length > 0
            ? 'Stop filtering bridged frames, except on the bridges that rely on it'
            : 'Stop filtering bridged frames',
        'zh-CN': keep.length > 0 ? '停止过滤桥接帧，依赖它的网桥除外' : '停止过滤桥接帧',
      },
      risk: 'low',
      scope: 'now',
      steps,
      ...(bridge !== undefined && { probe: { kind: 'bridge', bridge } }),
    },
    ...durable({ settings: durableSettings, bridgeSettings: [...keep, ...ownOff] }, 'bridge-netfilter', profile, parts),
  ];
}

function filter(bridge: string, parts: Needed, profile: Profile): readonly Remedy[] {
  const step: BridgeStep = { kind: 'bridge-setting', bridge, name: 'nf_call_iptables', value: '1' };
  return [
    {
      id: 'filter-bridge',
      summary: { en: `Filter ${bridge}'s frames, and no other bridge's`, 'zh-CN': `只对网桥 ${bridge} 的帧启用过滤` },
      risk: 'low',
      scope: 'now',
      steps: [step],
    },
    ...durable({ settings: [], bridgeSettings: [step] }, 'bridge-netfilter', profile, parts),
  ];
}

export function keyOf(family: Family): string {
  return family === 'ipv4' ? 'net/bridge/bridge-nf-call-iptables' : 'net/bridge/bridge-nf-call-ip6tables';
}

function globalOn(family: Family, parts: Needed): string[] {
  const key = keyOf(family);
  const value = parts.sysctl.get(key);
  return value.known && value.value !== '0' ? [key] : [];
}

function switchesByBridge(
  family: Family,
  parts: Pick<Needed, 'sysctl' | 'links' | 'cni'>,
): { name: string; role: string; one: BridgeSwitches }[] {
  return bridgesHere(parts).flatMap(({ link, role }) =>
    switchesOf(link, parts.sysctl)
      .filter((one) => one.family === family)
      .map((one) => ({ name: link.name, role, one })),
  );
}

/** Bridges that are filtered now and whose owners rely on it. */
export function keepFiltered(family: Family, parts: Pick<Needed, 'sysctl' | 'links' | 'cni'>): BridgeStep[] {
  return switchesByBridge(family, parts)
    .filter(({ role, one }) => role !== 'layer2' && one.inForce.known && one.inForce.value)
    .map(({ name, one }) => ({ kind: 'bridge-setting', bridge: name, name: one.own, value: '1' }));
}

function ownSwitchOff(family: Family, bridge: string | undefined, parts: Needed): BridgeStep[] {
  return switchesByBridge(family, parts)
    .filter(({ name, one }) => name === bridge && one.ownOn)
    .map(({ name, one }) => ({ kind: 'bridge-setting', bridge: name, name: one.own, value: '0' }));
}
