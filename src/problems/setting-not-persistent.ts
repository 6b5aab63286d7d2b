import type { Unknown } from '../hosts/reading.ts';
import type { Judgement, Severity } from '../judging/finding.ts';
import { defineProblem, type Parts } from '../judging/problem.ts';
import type { Bilingual } from '../lang.ts';
import type { NextBoot, Place } from '../persistence/boot.ts';
import { BOOT_NEEDS, bootSources } from '../persistence/boot-sources.ts';
import { shownValue, type Voice, voices } from '../persistence/configured.ts';
import { canonicalKey } from '../persistence/kernel-settings.ts';
import { nextBoot } from '../persistence/next-boot.ts';
import type { Profile } from '../profiles/profile.ts';
import { durable } from '../remedies/persist/durable.ts';
import { sysctlName } from '../snapshot/sysctl-name.ts';
import { holdWants } from './setting-not-persistent/hold.ts';
import { evidenceOf, goodValue, KERNEL_DEFAULT, lossOf } from './setting-not-persistent/outlook.ts';
import { explainLoss, modulesFor, type PersistFacts, proveLoss } from './setting-not-persistent/words.ts';

type Needed = Parts<(typeof BOOT_NEEDS)[number]>;
type Verdict = Judgement<PersistFacts>;

/** A value that has to stay, and who says so. */
interface Wanted {
  readonly key: string;
  readonly value: string;
  readonly compare: 'is' | 'at-least';
  readonly reason: Bilingual | undefined;
}

interface Node {
  readonly parts: Needed;
  readonly profile: Profile;
  readonly boot: NextBoot;
  readonly spoken: ReadonlyMap<string, readonly Voice[]>;
  /** Paths of settings files the next boot will not read. */
  readonly unread: ReadonlySet<string>;
}

const BRIDGE_KEY = 'net/bridge/bridge-nf-call-iptables';

/** Harvester's bridged VM traffic needs 0 once RKE2 has started (harvester-installer#884); a bridge CNI needs 1. */
function wantedBy({ wants, bridgeNetfilter }: Profile): readonly Wanted[] {
  if (bridgeNetfilter === 'by-topology' || wants.some(({ key }) => key === BRIDGE_KEY)) return wants;
  const off = bridgeNetfilter === 'off-after-launch';
  const reason: Bilingual = off
    ? {
        en: 'VM traffic on the bridge passes the host’s iptables and is dropped: VMs lose the network, “cannot reach the gateway”',
        'zh-CN': '网桥上的虚拟机流量会经过主机 iptables 而被丢弃：虚拟机断网、无法访问网关',
      }
    : {
        en: 'Pods on one bridge cannot reach each other through a Service: replies bypass the address translation',
        'zh-CN': '同一网桥上的 Pod 无法通过 Service 互访：回包绕过了地址转换',
      };
  return [...wants, { key: BRIDGE_KEY, value: off ? '0' : '1', compare: 'is', reason }];
}

function severityOf(key: string, profile: Profile): Severity {
  const vital = canonicalKey(key) === 'net/ipv4/ip_forward' && profile.kubernetes;
  return vital || (key === BRIDGE_KEY && profile.bridgeNetfilter === 'off-after-launch') ? 'critical' : 'warning';
}

function judgeWanted(wanted: Wanted, node: Node): Verdict {
  const { key, value, compare } = wanted;
  const { profile, parts } = node;
  const subject = sysctlName(key);
  const running = parts.sysctl.get(key);
  if (!running.known) {
    if (running.reason === 'absent') return { status: 'not-applicable', subject, evidence: [], why: running.detail };
    return { status: 'unknown', subject, severity: severityOf(key, profile), unknown: running, evidence: [] };
  }
  const good = goodValue(value, compare);
  const evidence = [{ source: running.source, value: running.value, wanted: value }];
  if (!good(running.value)) {
    return { status: 'not-applicable', subject, evidence, why: 'the running value itself is not the wanted one' };
  }
  const loss = lossOf({ key, good, boot: node.boot, parts, profile, forgotten: unreadPlace(key, good, node) });
  if (!loss.known) {
    // Where only the kernel's default is in doubt nothing speaks against it.
    const severity = loss.source === KERNEL_DEFAULT ? 'info' : severityOf(key, profile);
    return { status: 'unknown', subject, severity, unknown: loss, evidence };
  }
  if (!loss.value) return { status: 'ok', subject, evidence };
  return {
    status: 'problem',
    subject,
    severity: severityOf(key, profile),
    evidence: [...evidence, evidenceOf(loss.value, value)],
    facts: { key, value: running.value, reason: wanted.reason, ...loss.value },
  };
}

/** A place that sets it well, in a file that is not read at boot. */
function unreadPlace(key: string, good: (value: string) => boolean, node: Node): Place | undefined {
  const said = node.spoken.get(canonicalKey(key)) ?? [];
  return said.findLast((voice) => node.unread.has(voice.file) && good(shownValue(voice)));
}

/**
 * Settings somebody put into a file of their own, beyond what the profile wants: they are looked at where they are in
 * force now, and where the file's line is lost because its module comes too late.
 */
function judgeConfigured(key: string, said: readonly Voice[], node: Node): Verdict[] {
  const voice = said.findLast(({ own }) => own);
  const running = node.parts.sysctl.get(key);
  if (!voice || !running.known) return [];
  const value = shownValue(voice);
  const good = goodValue(value, 'is');
  const boot = node.boot.setting(key);
  const inForce = good(running.value);
  if (boot.known && !inForce && !boot.value.lost) return [];
  const { parts, profile } = node;
  const loss = lossOf({ key, good, boot: node.boot, parts, profile, forgotten: unreadPlace(key, good, node) });
  const subject = sysctlName(key);
  const evidence = [{ source: running.source, value: running.value, wanted: value }];
  if (!loss.known) return [{ status: 'unknown', subject, severity: 'info', unknown: loss, evidence }];
  if (!loss.value) return [{ status: 'ok', subject, evidence }];
  const facts = { key, value, reason: undefined, ...loss.value };
  return [
    { status: 'problem', subject, severity: 'warning', evidence: [...evidence, evidenceOf(loss.value, value)], facts },
  ];
}

/** One and the same reason for not knowing is said once. */
function once(verdicts: readonly Verdict[]): Verdict[] {
  const seen = new Map<Unknown, Verdict>();
  const rest = verdicts.filter((verdict) => {
    if (verdict.status !== 'unknown') return true;
    const same = [...seen.keys()].find(
      ({ detail, source }) => detail === verdict.unknown.detail && source === verdict.unknown.source,
    );
    const earlier = same && seen.get(same);
    if (!same || earlier?.status !== 'unknown') seen.set(verdict.unknown, verdict);
    else seen.set(same, { ...earlier, subject: '', severity: graver(earlier.severity, verdict.severity) });
    return false;
  });
  return [...rest, ...seen.values()];
}

function graver(a: Severity, b: Severity): Severity {
  const order: readonly Severity[] = ['info', 'warning', 'critical'];
  return order[Math.max(order.indexOf(a), order.indexOf(b))] ?? 'warning';
}

/** A setting that is right now and will not be after the next boot or the next start of a service. */
export const settingNotPersistent = defineProblem({
  id: 'setting-not-persistent',
  title: { en: 'Settings after the next boot and service restart', 'zh-CN': '下次开机和服务重启后的设置' },
  needs: BOOT_NEEDS,
  check(parts, profile): readonly Verdict[] {
    const sources = bootSources(parts);
    const spoken = sources.known ? voices(sources.value) : new Map<string, Voice[]>();
    const unread = new Set(sources.known ? sources.value.forgotten.map(({ path }) => path) : []);
    const node: Node = { parts, profile, boot: nextBoot(parts), spoken, unread: unread.add('/etc/sysctl.conf') };
    const wanted = wantedBy(profile);
    const keys = new Set(wanted.map(({ key }) => canonicalKey(key)));
    const verdicts = [
      ...wanted.map((each) => judgeWanted(each, node)),
      ...[...spoken].filter(([key]) => !keys.has(key)).flatMap(([key, said]) => judgeConfigured(key, said, node)),
    ];
    if (verdicts.length > 0) return once(verdicts);
    if (!sources.known) return [{ status: 'unknown', subject: '', severity: 'info', unknown: sources, evidence: [] }];
    const why = 'no setting is wanted here, and none that is in force was configured';
    return [{ status: 'not-applicable', subject: '', evidence: [], why }];
  },
  explain: explainLoss,
  prove: proveLoss,
  remedies({ key, value }, parts, profile) {
    return durable({ settings: [{ key, value }], modules: modulesFor(key) }, 'setting-not-persistent', profile, parts);
  },
  holds: holdWants,
});
