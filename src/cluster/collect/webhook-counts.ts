import { mapReading, type Reading } from '../../hosts/reading.ts';
import type { KubeClient } from '../client/client.ts';
import type { Webhook } from '../model/parts.ts';

export interface WebhookCount {
  readonly calls: number;
  readonly failed: number;
  readonly seconds: number;
}

export type WebhookCounts = (kind: Webhook['kind'], name: string) => WebhookCount;

const PREFIX = 'apiserver_admission_webhook_';

/**
 * What the API server itself counted of its calls since it started (apiserver/pkg/admission/metrics). Failed are those it could not
 * make, whether it then refused the request or, by failurePolicy Ignore, let it pass; a webhook's own "no" is none.
 */
export async function countsOf(client: KubeClient): Promise<Reading<WebhookCounts>> {
  return mapReading(await client.text('/metrics'), (text) => {
    const counts = new Map<string, WebhookCount>();
    for (const line of text.split('\n')) {
      const sample = line.startsWith(PREFIX) ? sampleOf(line) : undefined;
      if (sample === undefined) continue;
      const { key, ...more } = sample;
      const sum = counts.get(key) ?? NONE;
      counts.set(key, {
        calls: sum.calls + (more.calls ?? 0),
        failed: sum.failed + (more.failed ?? 0),
        seconds: sum.seconds + (more.seconds ?? 0),
      });
    }
    return (kind, name) => counts.get(keyOf(kind, name)) ?? NONE;
  });
}

const NONE: WebhookCount = { calls: 0, failed: 0, seconds: 0 };

/** The mutating ones' type is `admit` (apiserver/pkg/admission/plugin/webhook/mutating/dispatcher.go). */
function keyOf(kind: string, name: string): string {
  return `${kind === 'mutating' ? 'admit' : kind} ${name}`;
}

function sampleOf(line: string): ({ readonly key: string } & Partial<WebhookCount>) | undefined {
  const [, metric, labels = '', value] = /^apiserver_admission_webhook_(\w+)\{(.*)\} (\S+)$/.exec(line) ?? [];
  const label = (name: string): string => new RegExp(`(?:^|,)${name}="([^"]*)"`).exec(labels)?.[1] ?? '';
  const key = keyOf(label('type'), label('name'));
  const number = Number(value);
  switch (metric) {
    case 'admission_duration_seconds_count':
      return { key, calls: number };
    case 'admission_duration_seconds_sum':
      return { key, seconds: number };
    case 'fail_open_count':
      return { key, failed: number };
    case 'rejection_count':
      return label('error_type') === 'calling_webhook_error' ? { key, failed: number } : undefined;
    default:
      return undefined;
  }
}
