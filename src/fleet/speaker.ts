import type { KubeConnection } from '../cluster/client/connection.ts';
import type { ListedObject } from '../cluster/client/list.ts';
import type { NotWritten } from '../cluster/client/write.ts';
import { identityOf } from '../cluster/object-fields.ts';
import { heartbeatBody, heartbeatPath, RENEW_MS } from './heartbeat.ts';
import {
  NODE_REPORTS,
  type NodeJudgement,
  type NodeReport,
  nodeReportBody,
  nodeReportOf,
  REPORTER,
  reportOf,
  saysTheSame,
} from './node-report.ts';
import type { Settling } from './settling.ts';

/**
 * What keeps a node from reporting. `credentials`: none to ask by; `denied`: by RBAC or an admission policy; `no-node`: none has the
 * name; `no-kind`, `no-namespace`: hayward's are not there; `failed`: anything else, as an API server that does not answer.
 */
export interface ReportTrouble {
  readonly kind: 'credentials' | 'denied' | 'no-node' | 'no-kind' | 'no-namespace' | 'failed';
  /** One line, in the API server's own words where they are its. */
  readonly detail: string;
}

export interface SpeakerOptions {
  readonly client: Pick<KubeConnection, 'json' | 'apply'>;
  readonly node: string;
  /** As it is at this moment; undefined before the first. */
  readonly judgement: () => NodeJudgement | undefined;
  /** Outlives a speaker: what one could not say is ripe for the next. */
  readonly settling: Settling;
  /** The API server took something. */
  readonly heard: () => void;
  readonly signal: AbortSignal;
  /** Between two renewals of the Lease, in milliseconds. */
  readonly renewMs?: number;
}

/** Who says to one API server what a node is like. */
export interface Speaker {
  /**
   * Writes the report when it says something new, and renews the Lease when that is due and the report says how the node is: a Lease
   * beside a report that nobody could bring up to date, or before the node was ever judged, would vouch for what is not known.
   */
  turn(): Promise<ReportTrouble | undefined>;
}

/** What was written is read again after so many renewals: somebody may have changed or deleted it. */
const RENEWALS_TRUSTED = 10;
const REQUEST_MS = 10_000;

export function speakerTo(options: SpeakerOptions): Speaker {
  const { client, node, judgement, settling, heard, signal, renewMs = RENEW_MS } = options;
  const limit = { timeoutMs: REQUEST_MS, signal };
  const writing = { ...limit, manager: REPORTER, force: true };
  const path = `${NODE_REPORTS.path}/${encodeURIComponent(node)}`;
  let nodeUid: string | undefined;
  let leaseUid: string | undefined;
  let renewAt = Number.NEGATIVE_INFINITY;
  let renewals = 0;
  /** What the API server has, as far as we know. */
  let stored: NodeReport | undefined;
  let isRead = false;

  /** The Node's uid, for what goes with it. */
  async function knowNode(): Promise<ReportTrouble | string> {
    if (nodeUid !== undefined) return nodeUid;
    const read = await client.json(`/api/v1/nodes/${encodeURIComponent(node)}`, limit);
    if (!read.known)
      return read.reason === 'absent' ? { kind: 'no-node', detail: read.detail } : unread(read.reason, read.detail);
    nodeUid = identityOf(read.value as ListedObject)?.uid;
    return nodeUid ?? { kind: 'no-node', detail: 'it is being deleted' };
  }

  async function renew(uid: string): Promise<ReportTrouble | undefined> {
    if (performance.now() < renewAt) return undefined;
    const written = await client.apply(heartbeatPath(node), heartbeatBody(node, uid, new Date()), writing);
    if (written.kind !== 'done') return unwritten(written, 'no-namespace');
    heard();
    renewAt = performance.now() + renewMs * (0.9 + 0.1 * Math.random());
    renewals += 1;
    if (renewals % RENEWALS_TRUSTED === 0) isRead = false;
    const now = identityOf(written.object)?.uid;
    if (leaseUid !== undefined && now !== leaseUid) beginAnew();
    leaseUid = now;
    return undefined;
  }

  /** The Lease is another than before: the one before went with a Node that was deleted, as the report did. */
  function beginAnew(): void {
    nodeUid = undefined;
    isRead = false;
    renewAt = Number.NEGATIVE_INFINITY;
  }

  async function reread(): Promise<ReportTrouble | undefined> {
    if (isRead) return undefined;
    const read = await client.json(path, limit);
    if (!read.known && read.reason !== 'absent') return unread(read.reason, read.detail);
    stored = read.known ? nodeReportOf(read.value as ListedObject) : undefined;
    isRead = true;
    return undefined;
  }

  /** `unripe`: what there is to say may pass by itself, so that the report is not yet how the node is. */
  async function say(judged: NodeJudgement, uid: string): Promise<ReportTrouble | 'unripe' | undefined> {
    const trouble = await reread();
    if (trouble) return trouble;
    const report = reportOf(judged, stored);
    const news = stored && saysTheSame(report, stored) ? undefined : report;
    const isRipe = settling.ripe(news, stored === undefined, performance.now());
    if (!isRipe) return news && 'unripe';
    const written = await client.apply(path, nodeReportBody(report, uid), writing);
    if (written.kind !== 'done') return unwritten(written, 'no-kind');
    stored = report;
    heard();
    return undefined;
  }

  return {
    async turn() {
      const uid = await knowNode();
      if (typeof uid !== 'string') return uid;
      const judged = judgement();
      if (judged === undefined) return undefined;
      const unsaid = await say(judged, uid);
      if (unsaid === 'unripe') return undefined;
      return unsaid ?? renew(uid);
    },
  };
}

function unread(reason: string, detail: string): ReportTrouble {
  return { kind: reason === 'denied' ? 'denied' : 'failed', detail };
}

/** `gone` is what the path leads through: the namespace, or the kind. */
function unwritten({ kind, detail }: NotWritten, gone: ReportTrouble['kind']): ReportTrouble {
  return kind === 'gone' ? { kind: gone, detail } : unread(kind, detail);
}
