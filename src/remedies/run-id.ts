import { randomBytes } from 'node:crypto';

/** A new run's id. Ids sort by time, also when the clock was set back since the last run. */
export function runIdAfter(last: string | undefined, now: Date): string {
  const random = randomBytes(2).toString('hex');
  const stamp = stampOf(now);
  const lastStamp = last?.slice(0, stamp.length) ?? '';
  return `${stamp > lastStamp || !/^\d{8}-\d{6}$/.test(lastStamp) ? stamp : following(lastStamp)}-${random}`;
}

/** 20261121-112346, in UTC. */
function stampOf(date: Date): string {
  return date.toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-');
}

function following(stamp: string): string {
  const [, y, mo, d, h, mi, s] = /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)$/.exec(stamp) ?? [];
  return stampOf(new Date(Date.UTC(Number(y), Number(mo) - 1, Number(d), Number(h), Number(mi), Number(s) + 1)));
}
