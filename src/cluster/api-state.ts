import { type Unknown, unknown } from '../hosts/reading.ts';
import { type Member, oneOf } from './decide.ts';
import { failingChecks, isHealthAnswer } from './health.ts';
import type { Outcome } from './model/outcome.ts';
import type { ApiServer, ClusterSnapshot, Vantage } from './model.ts';

/** What is wrong with an API server that can be seen: no answer at all, or an answer that says so. */
export type ApiTrouble =
  | { readonly kind: 'refused' | 'silent' | 'unreachable' }
  | { readonly kind: 'failing'; readonly checks: readonly string[]; readonly status: number };

export type ApiState = { readonly state: 'ready' } | { readonly state: 'bad'; readonly trouble: ApiTrouble } | Unknown;

/**
 * Whether one API server serves. Not known: where credentials are refused; where the answer is none of Kubernetes' (a proxy's page,
 * a list that was cut), where the server is too busy to say (429), where TLS does not come about (most often a kubeconfig of another
 * cluster), and where there is no way to it through routers, which may be the way's fault.
 */
export function apiState({ url, readyz }: Pick<ApiServer, 'url' | 'readyz'>, vantage: Vantage): ApiState {
  if (!readyz.known) return readyz;
  const outcome = readyz.value;
  const notKnown = (detail: string) => unknown('failed', readyz.source, `${url}: ${detail}`);
  switch (outcome.kind) {
    case 'refused':
    case 'silent':
      return { state: 'bad', trouble: { kind: outcome.kind } };
    case 'unreachable':
      return vantage === 'routed' ? notKnown(outcome.detail) : { state: 'bad', trouble: { kind: 'unreachable' } };
    case 'tls':
    case 'cut':
      return notKnown(outcome.detail);
    case 'answered':
      return answered(outcome.status, outcome.text) ?? notKnown(`HTTP ${outcome.status}, and not from Kubernetes`);
  }
}

function answered(status: number, text: string): ApiState | undefined {
  if (status === 200) return isHealthAnswer(text) ? { state: 'ready' } : undefined;
  // 500 is /readyz's own; 502 to 504 come from what stands before it, and mean that it does not answer there.
  if (status === 500 && !isHealthAnswer(text)) return undefined;
  if (status < 500) return undefined;
  return { state: 'bad', trouble: { kind: 'failing', checks: failingChecks(text), status } };
}

export function apiMember(server: Pick<ApiServer, 'url' | 'readyz'>, vantage: Vantage): Member {
  const state = apiState(server, vantage);
  if ('known' in state) return state;
  return state.state === 'ready' ? 'good' : 'bad';
}

/** Whether any API server serves: one is enough for the cluster to be asked. */
export function anyApiServer({ apiServers, vantage }: Pick<ClusterSnapshot, 'apiServers' | 'vantage'>): Member {
  if (apiServers.length === 0) return unknown('not-collected', 'kubeconfig', 'no API server was asked');
  return oneOf(apiServers.map((server) => apiMember(server, vantage)));
}

/**
 * What an outcome at an address of the cluster's says where any HTTP status below 400 is good: as `curl -f` sees it. Not known
 * where the server is too busy (429), and where there may be no way to it.
 */
export function servesAt(outcome: Outcome, source: string, vantage: Vantage): Member {
  if (outcome.kind === 'unreachable' && vantage === 'routed') return unknown('failed', source, outcome.detail);
  if (outcome.kind !== 'answered') return outcome.kind === 'cut' ? unknown('failed', source, outcome.detail) : 'bad';
  if (outcome.status === 429) return unknown('failed', source, 'HTTP 429: too busy to say');
  return outcome.status < 400 ? 'good' : 'bad';
}

/** An outcome in a few words, as evidence. */
export function outcomeText(outcome: Outcome): string {
  return outcome.kind === 'answered' ? `HTTP ${outcome.status}` : `${outcome.kind}: ${outcome.detail}`;
}
