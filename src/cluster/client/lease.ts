import type { KubeConnection } from './connection.ts';
import type { ListedObject } from './list.ts';
import type { AskOptions } from './wire.ts';
import type { KubeBody, Written } from './write.ts';

export interface CandidateOptions {
  readonly client: KubeConnection;
  readonly namespace: string;
  readonly name: string;
  readonly identity: string;
  readonly leaseSeconds: number;
}

/** What came of taking or renewing it. `raced`: somebody wrote it between our reading and our writing. */
export type Attempt =
  | { readonly kind: 'held' }
  | { readonly kind: 'other'; readonly holder: string }
  | { readonly kind: 'raced' }
  | { readonly kind: 'failed'; readonly detail: string };

export interface Candidate {
  /** Renews it where it is ours, takes it where it is nobody's or its holder has let it run out. */
  attempt(limit: AskOptions): Promise<Attempt>;
  /** Gives it up where it is ours, so that the next need not wait. Otherwise, and where that fails, it runs out. */
  release(limit: AskOptions): Promise<void>;
}

/** What a Lease holds (coordination.k8s.io/v1, LeaseSpec). */
interface Hold {
  readonly holderIdentity: string;
  readonly leaseDurationSeconds: number;
  readonly acquireTime: string;
  readonly renewTime: string;
  readonly leaseTransitions: number;
}

interface Seen {
  readonly metadata: ListedObject;
  readonly hold: Hold;
}

const KIND = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' };

/** One who would hold a Lease. See `lead` for the rules. */
export function candidate({ client, namespace, name, identity, leaseSeconds }: CandidateOptions): Candidate {
  const leases = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
  const path = `${leases}/${name}`;
  /** As last seen or written. */
  let last: Seen | undefined;
  /** When its record was first seen as it is now, by the monotonic clock. */
  let seenAt = 0;

  function see(object: unknown): Seen {
    const now = seenIn(object);
    if (JSON.stringify(now.hold) !== JSON.stringify(last?.hold)) seenAt = performance.now();
    last = now;
    return now;
  }
  /** Ours from now on; since before, where it was ours. */
  function ours({ hold }: Pick<Seen, 'hold'>): Hold {
    const now = microTime();
    const mine = hold.holderIdentity === identity;
    return {
      holderIdentity: identity,
      leaseDurationSeconds: leaseSeconds,
      acquireTime: mine && hold.acquireTime !== '' ? hold.acquireTime : now,
      renewTime: now,
      leaseTransitions: hold.leaseTransitions + (mine ? 0 : 1),
    };
  }
  async function take(seen: Seen, limit: AskOptions): Promise<Written> {
    const written = await client.replace(path, { ...KIND, metadata: seen.metadata, spec: ours(seen) }, limit);
    if (written.kind === 'done') see(written.object);
    return written;
  }
  async function create(limit: AskOptions): Promise<Attempt> {
    const body: KubeBody = {
      ...KIND,
      metadata: { name, namespace },
      spec: { ...ours({ hold: NOBODYS }), leaseTransitions: 0 },
    };
    const written = await client.create(leases, body, limit);
    if (written.kind === 'done') see(written.object);
    // Gone: its namespace is not there.
    return written.kind === 'gone' ? { kind: 'failed', detail: written.detail } : attemptOf(written);
  }
  function giveUp({ metadata, hold }: Seen, limit: AskOptions): Promise<Written> {
    const now = microTime();
    const spec = { ...hold, holderIdentity: '', leaseDurationSeconds: 1, acquireTime: now, renewTime: now };
    return client.replace(path, { ...KIND, metadata, spec }, limit);
  }
  return {
    async attempt(limit) {
      // Our own word needs no reading: the version tells whether it still stands.
      if (last?.hold.holderIdentity === identity) {
        const renewed = await take(last, limit);
        if (renewed.kind !== 'conflict' && renewed.kind !== 'gone') return attemptOf(renewed);
      }
      const read = await client.json(path, limit);
      if (!read.known) return read.reason === 'absent' ? create(limit) : { kind: 'failed', detail: read.detail };
      const seen = see(read.value);
      const { holderIdentity: holder, leaseDurationSeconds } = seen.hold;
      const standing = performance.now() - seenAt < leaseDurationSeconds * 1000;
      if (holder !== '' && holder !== identity && standing) return { kind: 'other', holder };
      return attemptOf(await take(seen, limit));
    },
    async release(limit) {
      if (last?.hold.holderIdentity !== identity) return;
      if ((await giveUp(last, limit)).kind !== 'conflict') return;
      // A renewal that was still on its way may have been stored.
      const read = await client.json(path, limit);
      if (read.known && see(read.value).hold.holderIdentity === identity) await giveUp(last, limit);
    },
  };
}

const NOBODYS: Hold = {
  holderIdentity: '',
  leaseDurationSeconds: 0,
  acquireTime: '',
  renewTime: '',
  leaseTransitions: 0,
};

function attemptOf(written: Written): Attempt {
  if (written.kind === 'done') return { kind: 'held' };
  // Somebody else wrote it, or it went, since it was read.
  if (written.kind === 'conflict' || written.kind === 'gone') return { kind: 'raced' };
  return { kind: 'failed', detail: written.detail };
}

/** Any part may be missing: the API requires none of them. */
function seenIn(object: unknown): Seen {
  const { metadata, spec } = (object ?? {}) as { metadata?: ListedObject; spec?: ListedObject };
  const { managedFields: _, ...kept } = metadata ?? {};
  const text = (key: keyof Hold): string => (typeof spec?.[key] === 'string' ? (spec[key] as string) : '');
  const number = (key: keyof Hold): number => (typeof spec?.[key] === 'number' ? (spec[key] as number) : 0);
  return {
    metadata: kept,
    hold: {
      holderIdentity: text('holderIdentity'),
      leaseDurationSeconds: number('leaseDurationSeconds'),
      acquireTime: text('acquireTime'),
      renewTime: text('renewTime'),
      leaseTransitions: number('leaseTransitions'),
    },
  };
}

/** Kubernetes' MicroTime: RFC 3339 with six digits (apimachinery/pkg/apis/meta/v1/micro_time.go). */
function microTime(): string {
  return new Date().toISOString().replace('Z', '000Z');
}
