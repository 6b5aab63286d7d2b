import type { KubeConnection } from '../../cluster/client/connection.ts';
import { type LeadEnd, lead, type Term } from '../../cluster/client/lead.ts';
import { plainText, type Route } from '../../http-server.ts';
import type { Bilingual } from '../../lang.ts';
import { familiesText, type MetricFamily } from '../../report/prometheus-text.ts';
import { LEASE } from '../cluster/model.ts';

/** What is the same for `hayward controller` and `hayward networks controller`: one of all replicas leads, by the one Lease. */

/** What a controller tells of its leading. */
export type LeadTold =
  | { readonly type: 'started'; readonly name: string; readonly server: string }
  | { readonly type: 'waiting'; readonly leader: string }
  | { readonly type: 'lost'; readonly detail: string }
  | { readonly type: 'stopped' }
  | { readonly type: 'lease'; readonly detail: string };

/** Something of the cluster is not seen for now, or again: `detail` is empty. */
export interface SightTold {
  readonly type: 'sight';
  readonly what: string;
  readonly detail: string;
}

export interface LeadingOptions {
  readonly client: KubeConnection;
  /** Where the Lease is. */
  readonly namespace: string;
  /** Who this one is among the replicas. */
  readonly name: string;
  readonly tell: (told: LeadTold) => void;
  readonly signal: AbortSignal;
}

/** Stands by until it leads, then works until the lease is lost or the signal is aborted, and tells of each. */
export async function leadTelling(options: LeadingOptions, work: (term: Term) => Promise<void>): Promise<LeadEnd> {
  const { client, namespace, name, tell, signal } = options;
  tell({ type: 'started', name, server: client.server });
  const end = await lead(
    {
      client,
      namespace,
      name: LEASE.name,
      identity: name,
      signal,
      onNews(news) {
        if (news.kind === 'trouble') tell({ type: 'lease', detail: news.detail });
        else if (news.identity !== '' && news.identity !== name) tell({ type: 'waiting', leader: news.identity });
      },
    },
    work,
  );
  tell(end.kind === 'lost' ? { type: 'lost', detail: end.detail } : { type: 'stopped' });
  return end;
}

/** In words; how it introduces itself each kind of controller says in its own. */
export function leadWords(told: Exclude<LeadTold, { type: 'started' }> | SightTold): Bilingual {
  switch (told.type) {
    case 'waiting':
      return { en: `${told.leader} leads; standing by`, 'zh-CN': `${told.leader} 为主，本进程待命` };
    case 'lost':
      return {
        en: `the lease is lost, nothing more is written: ${told.detail}`,
        'zh-CN': `已失去租约，不再写入：${told.detail}`,
      };
    case 'stopped':
      return { en: 'stopped; the lease was given up', 'zh-CN': '已停止，租约已交出' };
    case 'lease':
      return { en: `the lease: ${told.detail}`, 'zh-CN': `租约：${told.detail}` };
    case 'sight':
      return told.detail === ''
        ? { en: `${told.what} are seen again`, 'zh-CN': `${told.what} 已恢复可见` }
        : { en: `${told.what} are not seen: ${told.detail}`, 'zh-CN': `看不到 ${told.what}：${told.detail}` };
  }
}

/** What a controller answers over HTTP: whether it is alive, whether it is of use, and what it measures. */
export function leadingRoutes(of: {
  readonly isLeading: () => boolean;
  readonly isReady: () => boolean;
  readonly families: () => readonly MetricFamily[];
}): readonly Route[] {
  return [
    { method: 'GET', path: '/healthz', open: true, answer: () => plainText('ok') },
    {
      method: 'GET',
      path: '/readyz',
      open: true,
      answer: () => (of.isReady() ? plainText(of.isLeading() ? 'leading' : 'standing by') : plainText('not yet', 503)),
    },
    {
      method: 'GET',
      path: '/metrics',
      answer: () => ({
        status: 200,
        type: 'text/plain; version=0.0.4; charset=utf-8',
        body: familiesText(of.families()),
      }),
    },
  ];
}
