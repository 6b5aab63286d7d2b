import { firstUnknown } from '../../hosts/reading.ts';
import { type Holding, holdSetting, holdUnknown } from '../../judging/demand.ts';
import type { Bilingual } from '../../lang.ts';
import type { SysctlValues } from '../../snapshot/sysctl.ts';
import { sysctlName } from '../../snapshot/sysctl-name.ts';
import { isOneGuests, readSides, type Side } from '../../topology/sides.ts';
import { ALL, isStrict, loosable, type Needed, own, shownBy } from './judge.ts';

const RELIED_ON: Bilingual = {
  en: 'The larger of this and an interface’s own is in force; 1 would make interfaces strict on which packets come in that are answered by another',
  'zh-CN': '生效值取该值与接口自身值中较大者；为 1 会让回程走另一接口的链路进入严格模式而丢包',
};

function asymmetric(link: string, returnsBy: string): Bilingual {
  return {
    en: `Packets come in by ${link} whose route back is by ${returnsBy}: strict filtering (1) drops them`,
    'zh-CN': `从 ${link} 进入的报文回程走 ${returnsBy}：严格模式（1）会丢弃它们`,
  };
}

const COUNTED: Bilingual = {
  en: 'The kernel has dropped packets by strict filtering since boot',
  'zh-CN': '开机以来内核已因严格反向路径过滤丢弃过报文',
};

interface Meant {
  readonly link: string;
  readonly reason: Bilingual;
}

/** Interfaces that must not become strict, and with them what makes all interfaces so. */
export function holdReversePath(parts: Needed): readonly Holding[] {
  const all = parts.sysctl.get(ALL);
  if (!all.known) return [holdUnknown(sysctlName(ALL), 'warning', all)];
  const sides = readSides('ipv4', parts);
  if (!sides.known) return [holdUnknown('net.ipv4.conf.*.rp_filter', 'info', sides)];
  const shown = shownBy(parts);
  if (shown.length > 0) {
    const meant = shown.map(({ link, returnsBy }) => ({ link, reason: asymmetric(link, returnsBy) }));
    return keepLoose(meant, parts.sysctl);
  }
  return holdCounted(sides.value, parts);
}

/** What is counted tells of no interface: all are meant, but of the Pods' own only those that are strict now. */
function holdCounted(sides: readonly Side[], parts: Needed): readonly Holding[] {
  const { routes, rules, neighbours, counters, sysctl } = parts;
  if (sides.length < 2) return [];
  const refused = counters.reversePathFiltered;
  const candidates = loosable(sides).filter((side) => !isOneGuests(side) || isStrict(side.link, sysctl));
  if (refused.known && refused.value > 0) {
    return keepLoose(
      candidates.map(({ link }) => ({ link, reason: COUNTED })),
      sysctl,
    );
  }
  const unseen = firstUnknown(routes, rules, neighbours, refused);
  const matters = unseen && candidates.some(({ link }) => isStrict(link, sysctl));
  return matters ? [holdUnknown('net.ipv4.conf.*.rp_filter', 'info', unseen)] : [];
}

/**
 * In force is max(all, own): 2 on an interface makes it loose whatever `all` is, and asks nothing else. One that is not
 * strict although its own is 0 or 1 owes it to `all`, which must then stay away from 1: together they may be anything
 * that is not strict, and the node is left as it is.
 */
function keepLoose(meant: readonly Meant[], sysctl: SysctlValues): readonly Holding[] {
  const all = sysctl.get(ALL);
  const present = meant.flatMap(({ link, reason }) => {
    const value = sysctl.get(own(link));
    return value.known ? [{ link, reason, value: value.value }] : [];
  });
  const strict = (link: string) => isStrict(link, sysctl);
  const byAll = present.filter(({ link, value }) => !strict(link) && (value === '0' || value === '1'));
  const owned = present.flatMap(({ link, reason, value }): readonly Holding[] => {
    if (strict(link) || value === '2') return [holdSetting(own(link), '2', reason)];
    return value === '0' ? [holdSetting(own(link), '2', reason, { also: ['0'] })] : [];
  });
  if (byAll.length === 0 || !all.known) return owned;
  // An own 1 is harmless under 2 alone.
  const needsTwo = byAll.some(({ value }) => value === '1');
  const relied = needsTwo
    ? holdSetting(ALL, '2', RELIED_ON)
    : holdSetting(ALL, all.value, RELIED_ON, { also: [all.value === '0' ? '2' : '0'] });
  return [relied, ...owned];
}
