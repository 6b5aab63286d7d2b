/** What one look counted in one network: a line of the history. */
export interface LeaseRecord {
  /** Milliseconds since 1970, by the node's clock. */
  readonly atMs: number;
  /** The kernel's own word for this boot; empty where it is not known. */
  readonly bootId: string;
  readonly dataDir: string;
  readonly network: string;
  readonly used: number;
  readonly leaked: number;
}

/** Two years of a count a day. */
const MOST_RECORDS = 750;
/** Counts that say the same are kept this far apart. */
const APART_MS = 24 * 3_600_000;

/** Reads a history, one JSON object a line. Lines that are none (a torn last line) are passed over. */
export function historyFrom(text: string): readonly LeaseRecord[] {
  return text.split('\n').flatMap((line) => {
    try {
      const value: unknown = JSON.parse(line);
      return isRecord(value) ? [value] : [];
    } catch {
      return [];
    }
  });
}

function isRecord(value: unknown): value is LeaseRecord {
  if (typeof value !== 'object' || value === null) return false;
  const fields = value as Readonly<Record<keyof LeaseRecord, unknown>>;
  const numbers = [fields.atMs, fields.used, fields.leaked];
  const texts = [fields.bootId, fields.dataDir, fields.network];
  return numbers.every((one) => Number.isFinite(one)) && texts.every((one) => typeof one === 'string');
}

/** The history with these counts added where they say something new, bounded; the same list where none does. */
export function withCounts(history: readonly LeaseRecord[], counts: readonly LeaseRecord[]): readonly LeaseRecord[] {
  const news = counts.filter((count) => {
    const last = recordsOf(history, count).at(-1);
    if (!last || last.bootId !== count.bootId || count.atMs < last.atMs) return true;
    return last.leaked !== count.leaked || count.atMs - last.atMs >= APART_MS;
  });
  return news.length === 0 ? history : [...history, ...news].slice(-MOST_RECORDS);
}

/** One network's records, oldest first as written. */
export function recordsOf(
  history: readonly LeaseRecord[],
  { dataDir, network }: Pick<LeaseRecord, 'dataDir' | 'network'>,
): readonly LeaseRecord[] {
  return history.filter((record) => record.dataDir === dataDir && record.network === network);
}

export function historyText(history: readonly LeaseRecord[]): string {
  return history.map((record) => `${JSON.stringify(record)}\n`).join('');
}
