import { mapReading } from '../hosts/reading.ts';
import type { Webhook } from './model/parts.ts';
import type { ClusterSnapshot } from './model.ts';

/** What an API server has counted of one webhook since it started. */
export interface Counts {
  readonly calls: number;
  readonly failed: number;
  readonly seconds: number;
}

/** The last time between two looks in which the API server called a webhook. */
export interface Interval {
  readonly from: Counts;
  readonly to: Counts;
}

/** By the webhook. */
export type Intervals = Readonly<Record<string, Interval>>;

const NONE: Counts = { calls: 0, failed: 0, seconds: 0 };

type Webhooks = Pick<ClusterSnapshot, 'webhooks'>;

/** The intervals after one more look. While nothing is called the last one stands; what is not seen keeps what is known of it. */
export function intervalsAfter(before: Intervals, { webhooks }: Webhooks): Intervals {
  if (!webhooks.known) return before;
  return Object.fromEntries(
    webhooks.value.flatMap((webhook) => {
      const key = keyOf(webhook);
      const interval = intervalAfter(Object.hasOwn(before, key) ? before[key] : undefined, webhook.counted);
      return interval ? [[key, interval]] : [];
    }),
  );
}

function intervalAfter(before: Interval | undefined, counted: Webhook['counted']): Interval | undefined {
  if (!counted.known) return before;
  const now = counted.value;
  if (before?.to.calls === now.calls) return before;
  // One that has counted less was restarted.
  return { from: before && before.to.calls < now.calls ? before.to : NONE, to: now };
}

/** The webhooks with what was counted of late, not since the API server started: a fault that is over is then over here too. */
export function countedOfLate<T extends Webhooks>(snapshot: T, intervals: Intervals): T {
  const webhooks = mapReading(snapshot.webhooks, (all) => all.map((one) => ofLate(one, intervals[keyOf(one)])));
  return { ...snapshot, webhooks };
}

function ofLate(webhook: Webhook, interval: Interval | undefined): Webhook {
  if (!interval || !webhook.counted.known) return webhook;
  const { from, to } = interval;
  const value = { calls: to.calls - from.calls, failed: to.failed - from.failed, seconds: to.seconds - from.seconds };
  return { ...webhook, counted: { ...webhook.counted, value } };
}

function keyOf({ kind, configuration, name }: Webhook): string {
  return `${kind} ${configuration}/${name}`;
}
