import type { Bilingual } from '../lang.ts';
import type { LeaseRecord } from './history.ts';

/** When a range will be full, as far as its history tells. */
export interface Forecast {
  /** RFC 3339; null where it will not be, or where that cannot be told. */
  readonly exhaustedAt: string | null;
  readonly why: Bilingual;
}

/** Where the forecast starts from. */
export interface Now {
  readonly atMs: number;
  readonly free: number;
  /** The clock was set since boot: what it said at other times cannot be compared with what it says now. */
  readonly clockStepped?: boolean;
}

/** A boot before and one after make one difference, which may be chance; three boots make two. */
const FEWEST_BOOTS = 3;
const FEWEST_RECORDS = 3;
const SHORTEST_SPAN_MS = 24 * 3_600_000;
/** Beyond this a date only pretends to know. */
const FARTHEST_MS = 10 * 365 * 24 * 3_600_000;
/** Longer than a node is left off, or unlooked at, by those who ask when it will be full: the clock was off. */
const LONGEST_GAP_MS = 365 * 24 * 3_600_000;

/** Foretells from a network's records, oldest first. Not enough of them is an answer. Pure. */
export function forecastOf(records: readonly LeaseRecord[], now: Now): Forecast {
  if (now.free === 0) {
    return { exhaustedAt: momentOf(now.atMs), why: { en: 'it is full now', 'zh-CN': '现在已满' } };
  }
  const comparable = sinceLastGap(records, now.atMs);
  const since = sinceLastFall(comparable);
  if (now.clockStepped) return untold();
  const boots = lastOfEachBoot(since);
  if (boots.length >= FEWEST_BOOTS && inOrder(boots)) return byBoots(boots, now);
  const [first] = since;
  const last = since.at(-1);
  if (first && last && since.length >= FEWEST_RECORDS && last.atMs - first.atMs >= SHORTEST_SPAN_MS) {
    return byTime(first, last, now);
  }
  if (comparable.length < records.length) return untold();
  return {
    exhaustedAt: null,
    why: {
      en: `not enough history: ${since.length} counts over ${boots.length} boots`,
      'zh-CN': `历史不足：${boots.length} 次启动，共 ${since.length} 次计数`,
    },
  };
}

/** Records that the clock of now can be compared with: none from its future, none from before a year without any. */
function sinceLastGap(records: readonly LeaseRecord[], nowMs: number): readonly LeaseRecord[] {
  const past = records.filter(({ atMs }) => atMs <= nowMs);
  const gap = past.findLastIndex(({ atMs }, at) => (past[at + 1]?.atMs ?? nowMs) - atMs > LONGEST_GAP_MS);
  return past.slice(gap + 1);
}

/** Records since leaked leases last became fewer: somebody took them away, and the count began anew. */
function sinceLastFall(records: readonly LeaseRecord[]): readonly LeaseRecord[] {
  const fall = records.findLastIndex((record, at) => record.leaked < (records[at - 1]?.leaked ?? 0));
  return records.slice(Math.max(0, fall));
}

function lastOfEachBoot(records: readonly LeaseRecord[]): readonly LeaseRecord[] {
  return [...new Map(records.map((record) => [record.bootId, record])).values()];
}

/** A clock that was set back between two boots leaves nothing to reckon with. */
function inOrder(records: readonly LeaseRecord[]): boolean {
  return records.every(({ atMs }, at) => at === 0 || atMs > (records[at - 1]?.atMs ?? 0));
}

function byBoots(boots: readonly LeaseRecord[], now: Now): Forecast {
  const first = boots[0];
  const last = boots.at(-1);
  if (!first || !last) return still();
  const between = boots.length - 1;
  const perBoot = (last.leaked - first.leaked) / between;
  if (perBoot <= 0) return still();
  const at = last.atMs + Math.ceil(now.free / perBoot) * ((last.atMs - first.atMs) / between);
  const rate = Math.round(perBoot * 10) / 10;
  return foretold(at, now, {
    en: `${rate} leases leak at each boot (${boots.length} boots seen), and ${now.free} addresses are free`,
    'zh-CN': `每次启动泄漏 ${rate} 个租约（共 ${boots.length} 次启动），剩余 ${now.free} 个地址`,
  });
}

function byTime(first: LeaseRecord, last: LeaseRecord, now: Now): Forecast {
  const perMs = (last.leaked - first.leaked) / (last.atMs - first.atMs);
  if (perMs <= 0) return still();
  const perDay = Math.round(perMs * 24 * 3_600_000 * 10) / 10;
  return foretold(now.atMs + now.free / perMs, now, {
    en: `${perDay} leases leak a day, and ${now.free} addresses are free`,
    'zh-CN': `每天泄漏 ${perDay} 个租约，剩余 ${now.free} 个地址`,
  });
}

function untold(): Forecast {
  return {
    exhaustedAt: null,
    why: {
      en: 'it cannot be told: the clock is off, or was when the leases were counted before',
      'zh-CN': '无法预测：时钟现在不准，或此前计数时不准',
    },
  };
}

function still(): Forecast {
  return { exhaustedAt: null, why: { en: 'leaked leases do not grow', 'zh-CN': '泄漏的租约没有增长' } };
}

function foretold(atMs: number, now: Now, why: Bilingual): Forecast {
  if (atMs - now.atMs > FARTHEST_MS) return { exhaustedAt: null, why };
  return { exhaustedAt: momentOf(Math.max(atMs, now.atMs)), why };
}

function momentOf(ms: number): string {
  return new Date(ms).toISOString();
}
