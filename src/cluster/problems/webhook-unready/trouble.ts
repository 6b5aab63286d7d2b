import { outcomeText } from '../../api-state.ts';
import type { Webhook } from '../../model/parts.ts';
import { ageSeconds } from '../../time.ts';

export interface WebhookTrouble {
  readonly kind: 'no-service' | 'no-endpoint' | 'authority-expired' | 'no-answer' | 'tls' | 'failing' | 'slow';
  readonly detail: string;
}

/** Of the API server's own calls, between looks, else since it started: this share failed. */
const FAILING = 0.5;

/** Of its time limit: a webhook that usually takes so long fails as soon as anything else is slow. */
const SLOW = 0.5;

/** Why the API server cannot get a webhook's answer; undefined where nothing speaks against it. */
export function webhookTrouble(webhook: Webhook, now: number): WebhookTrouble | undefined {
  return behind(webhook) ?? trust(webhook, now) ?? answers(webhook) ?? counted(webhook);
}

function behind({ calls }: Webhook): WebhookTrouble | undefined {
  if ('url' in calls) return undefined;
  const { namespace, name, endpoints } = calls;
  const service = `${namespace}/${name}`;
  if (!endpoints.known) return endpoints.reason === 'absent' ? { kind: 'no-service', detail: service } : undefined;
  if (endpoints.value.ready.length > 0) return undefined;
  return { kind: 'no-endpoint', detail: `${service}, ${endpoints.value.notReady.length} not ready` };
}

function trust({ authority }: Webhook, now: number): WebhookTrouble | undefined {
  if (!authority.known) return undefined;
  const past = ageSeconds(authority.value.notAfter, now);
  return past !== undefined && past >= 0 ? { kind: 'authority-expired', detail: authority.value.notAfter } : undefined;
}

function answers({ handshake, timeoutSeconds }: Webhook): WebhookTrouble | undefined {
  if (!handshake.known) return undefined;
  const { outcome, ms } = handshake.value;
  switch (outcome.kind) {
    case 'tls':
      return { kind: 'tls', detail: outcome.detail };
    case 'refused':
    case 'silent':
    case 'unreachable':
    case 'cut':
      return { kind: 'no-answer', detail: outcomeText(outcome) };
    case 'answered':
      return ms < timeoutSeconds * 1000 * SLOW ? undefined : slow(ms / 1000, timeoutSeconds);
  }
}

/** What the API server itself has met. A first look has only its count from its start, in which a fault that is over fades slowly: last of all. */
function counted({ counted: read, timeoutSeconds }: Webhook): WebhookTrouble | undefined {
  if (!read.known || read.value.calls === 0) return undefined;
  const { calls, failed, seconds } = read.value;
  if (failed / calls >= FAILING) return { kind: 'failing', detail: `${failed} of ${calls}` };
  return seconds / calls < timeoutSeconds * SLOW ? undefined : slow(seconds / calls, timeoutSeconds);
}

function slow(took: number, limit: number): WebhookTrouble {
  return { kind: 'slow', detail: `${took.toFixed(1)} s of ${limit} s` };
}
