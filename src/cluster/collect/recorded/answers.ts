import { lightened } from '../../../bundle/cluster/lightened.ts';
import type { Capture, Entry } from '../../../hosts/capture.ts';
import { captureOf, emptyDraft } from '../../../hosts/draft.ts';
import { known, mapReading, type Reading, unknown } from '../../../hosts/reading.ts';
import { type DatedOutcome, type KubeClient, rawSource } from '../../client/client.ts';
import type { ClusterSnapshot } from '../../model.ts';
import { pieceOf } from '../objects.ts';

type Answers = Record<string, Entry>;

/** What stands beside the answers: which server was asked, and until when (RFC 3339). */
const SERVER = 'hayward:api-server';
const READ_UNTIL = 'hayward:read-until';

/**
 * The same client, which writes down what it is answered: the entries of a capture, the questions as their sources. Counters and
 * the certificate that a judgement does not need are left out, and of every object what no judgement reads.
 */
export function recordingClient(client: KubeClient, answers: Answers, prefix = ''): KubeClient {
  async function kept<T>(key: string, asked: Promise<Reading<T>>, textOf: (value: T) => string): Promise<Reading<T>> {
    const answer = await asked;
    answers[prefix + key] = answer.known
      ? { state: 'ok', text: textOf(answer.value) }
      : { state: answer.reason, detail: answer.detail };
    return answer;
  }
  const { server } = client;
  return {
    server,
    text: (path, options) =>
      path === '/metrics' ? Promise.resolve(notKept(path)) : kept(rawSource(path), client.text(path, options), String),
    json: (path, options) => kept(rawSource(path), client.json(path, options), jsonOf),
    outcome: (path, options) => kept(outcomeKey(path), client.outcome(path, options), jsonOf),
    review: (path, question, options) =>
      kept(reviewKey(path, question), client.review(path, question, options), jsonOf),
    at: (other, serverName) => recordingClient(client.at(other, serverName), answers, prefixOf(other)),
    close: () => client.close(),
  };
}

function notKept(path: string): Reading<string> {
  return unknown('not-collected', rawSource(path), 'counters are not kept in a capture');
}

/** What was answered, as a capture beside those of nodes. It is `unreachable` where no API server answered at all. */
export function capturedCluster(snapshot: ClusterSnapshot, server: string, answers: Answers): Capture {
  const draft = emptyDraft();
  Object.assign(draft.entries, answers);
  draft.entries[SERVER] = { state: 'ok', text: server };
  draft.entries[READ_UNTIL] = { state: 'ok', text: new Date().toISOString() };
  const capture = captureOf({ name: snapshot.target, via: 'kubernetes' }, draft);
  const silence = silenceOf(snapshot);
  return {
    ...capture,
    takenAt: snapshot.takenAt,
    ...(silence !== undefined && { unreachable: { reason: 'failed', detail: `${server}: ${silence}` } }),
  };
}

function silenceOf({ apiServers }: ClusterSnapshot): string | undefined {
  const livez = apiServers[0]?.livez;
  return livez?.known && livez.value.kind !== 'answered' ? livez.value.detail || livez.value.kind : undefined;
}

export interface AnsweredCluster {
  readonly client: KubeClient;
  /** RFC 3339: the last moment of which an answer may tell. */
  readonly readUntil: string;
}

/** A captured cluster as an API server that answers what it answered then. */
export function answeringClient({ entries, takenAt }: Capture): AnsweredCluster {
  const server = textIn(entries[SERVER]) ?? '';
  const readUntil = new Date(textIn(entries[READ_UNTIL]) ?? '');
  return {
    client: clientAt(entries, URL.canParse(server) ? server : 'https://kubernetes.default.svc', ''),
    readUntil: Number.isNaN(readUntil.getTime()) ? takenAt : readUntil.toISOString(),
  };
}

function textIn(entry: Entry | undefined): string | undefined {
  return entry?.state === 'ok' ? entry.text : undefined;
}

function clientAt(entries: Capture['entries'], server: string, prefix: string): KubeClient {
  const answer = (key: string, source: string): Reading<string> => {
    const entry = entries[prefix + key];
    if (entry === undefined) return unknown('not-collected', source, `${source}: not in the capture`);
    return entry.state === 'ok' ? known(entry.text, source) : unknown(entry.state, source, entry.detail);
  };
  const parsed = (key: string, source: string): Reading<unknown> =>
    mapReading(answer(key, source), (text) => JSON.parse(text) as unknown);
  return {
    server,
    text: async (path) => answer(rawSource(path), rawSource(path)),
    json: async (path) => parsed(rawSource(path), rawSource(path)),
    outcome: async (path) => mapReading(parsed(outcomeKey(path), rawSource(path)), outcomeFrom),
    review: async (path, question) => parsed(reviewKey(path, question), `POST ${path}`),
    at: (other) => clientAt(entries, other, prefixOf(other)),
    close: () => undefined,
  };
}

function prefixOf(server: string): string {
  return `${new URL(server).origin} `;
}

function outcomeKey(path: string): string {
  return `outcome ${path}`;
}

function reviewKey(path: string, question: unknown): string {
  return `POST ${path} ${JSON.stringify(question)}`;
}

const UNANSWERED = ['refused', 'silent', 'unreachable', 'tls', 'cut'] as const;

/** Throws where it is no outcome, which makes the reading a failed one. */
function outcomeFrom(value: unknown): DatedOutcome {
  const outcome = pieceOf(value);
  const kind = outcome.text('kind');
  const silent = UNANSWERED.find((one) => one === kind);
  if (silent !== undefined) return { kind: silent, detail: outcome.text('detail') };
  if (kind !== 'answered') throw new Error('what is in the capture is no answer');
  const date = new Date(outcome.text('date'));
  return {
    kind,
    status: outcome.number(['status']),
    text: outcome.text('text'),
    ...(!Number.isNaN(date.getTime()) && { date: date.toISOString() }),
  };
}

/** Line by line, so that secrets are found as in any text. */
function jsonOf(value: unknown): string {
  return JSON.stringify(lightened(value), undefined, 1);
}
