import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { apiServer, type LabApiServer } from '../../../lab/kube/api-server.ts';
import type { KubeConnection } from './connection.ts';
import { inform } from './informer.ts';
import { type LeadNews, type LeadOptions, lead, type Term } from './lead.ts';
import { connectionFor } from './testing/connection.ts';
import { eventually } from './testing/eventually.ts';

/**
 * A candidate as a process of its own. As long as it leads it writes its name into one object, twice at a time and as fast as it
 * can; after that it goes on until a write is refused, as a leader would that had not heard of it.
 */
const PROGRAM = `
import { lead } from './lead.ts';
import { connectionFor } from './testing/connection.ts';
const { kubeconfig, journal, ...options } = JSON.parse(process.argv[1]);
const client = await connectionFor(kubeconfig);
const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());
const say = (what) => process.stdout.write(JSON.stringify(what) + '\\n');
const end = await lead({ ...options, client, signal: stop.signal, onNews: say }, async ({ lost, client }) => {
  let count = 0;
  async function write() {
    for (;;) {
      const { kind, detail } = await client.merge(journal, { data: { by: options.identity, count: String(count++) } });
      if (kind !== 'done') return say({ kind: 'refused', detail });
      if (stop.signal.aborted) return;
    }
  }
  await Promise.all([write(), write()]);
});
client.close();
say(end);
process.exitCode = end.kind === 'lost' ? 1 : 0;
`;

const HERE = fileURLToPath(new URL('.', import.meta.url));
const LEASES = '/apis/coordination.k8s.io/v1/namespaces/default/leases';
const MAPS = '/api/v1/namespaces/default/configmaps';
/** Short enough to wait for, long enough for a loaded machine to renew in. */
const TIMES = { leaseSeconds: 6, renewSeconds: 4, retrySeconds: 0.5 };
let server: LabApiServer;
let admin: KubeConnection;
let program = '';
const candidates: Candidate[] = [];

beforeAll(async () => {
  const stdin = { contents: PROGRAM, resolveDir: HERE, loader: 'ts' } as const;
  const options = { format: 'esm', platform: 'node', packages: 'external' } as const;
  const bundle = await build({ stdin, bundle: true, write: false, ...options });
  program = bundle.outputFiles[0]?.text ?? '';
  server = await apiServer();
  admin = await connectionFor(server.admin.kubeconfig);
});
afterEach(async () => {
  for (const { child, exit } of candidates.splice(0)) {
    child.kill('SIGKILL');
    await exit;
  }
});
afterAll(async () => {
  admin.close();
  await server.dispose();
});

type Word = LeadNews | { kind: 'refused' | 'lost'; detail: string } | { kind: 'ended' };

interface Candidate {
  readonly child: ChildProcess;
  readonly said: Word[];
  readonly exit: Promise<unknown[]>;
}

/** Starts one for a Lease. It writes into an object of the same name. */
function start(name: string, identity: string, times: Partial<LeadOptions> = TIMES): Candidate {
  const { kubeconfig } = server.admin;
  const options = { kubeconfig, journal: `${MAPS}/${name}`, namespace: 'default', name, identity, ...times };
  const argv = ['--input-type=module', '-e', program, '--', JSON.stringify(options)];
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'], cwd: HERE });
  const said: Word[] = [];
  createInterface(child.stdout).on('line', (line) => said.push(JSON.parse(line) as Word));
  const candidate = { child, said, exit: once(child, 'exit') };
  candidates.push(candidate);
  return candidate;
}

/** Who wrote into a Lease's journal, write by write, as the server took them. */
async function journalOf(name: string, signal: AbortSignal): Promise<string[]> {
  const writers: string[] = [];
  await admin.create(MAPS, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } });
  const { synced } = inform({
    client: admin,
    path: MAPS,
    fieldSelector: `metadata.name=${name}`,
    read: ({ data }) => data as { by: string } | undefined,
    onChange: (event) => event.kind === 'set' && writers.push(event.value.by),
    signal,
  });
  await synced;
  return writers;
}

async function specOf(name: string): Promise<Record<string, unknown>> {
  const lease = await admin.json(`${LEASES}/${name}`);
  if (!lease.known) throw new Error(lease.detail);
  return (lease.value as { spec: Record<string, unknown> }).spec;
}

const isOf = (who: string) => (writer: string) => writer === who;

describe('of two candidates one leads', () => {
  it('and when it is killed, the other', async () => {
    const end = new AbortController();
    const writers = await journalOf('killed', end.signal);
    const first = start('killed', 'first');
    await eventually(() => writers.length).toBeGreaterThan(10);
    const second = start('killed', 'second');
    await eventually(() => second.said).toEqual([{ kind: 'leader', identity: 'first' }]);
    expect(await specOf('killed')).toMatchObject({
      holderIdentity: 'first',
      leaseDurationSeconds: 6,
      leaseTransitions: 0,
    });
    first.child.kill('SIGKILL');
    await first.exit;
    await eventually(() => writers.filter(isOf('second')).length).toBeGreaterThan(10);
    expect(writers.lastIndexOf('first')).toBeLessThan(writers.indexOf('second'));
    expect(await specOf('killed')).toMatchObject({ holderIdentity: 'second', leaseTransitions: 1 });
    end.abort();
  });

  it('and when it is frozen, the other; thawed it writes nothing more', async () => {
    const end = new AbortController();
    const writers = await journalOf('frozen', end.signal);
    const first = start('frozen', 'first');
    await eventually(() => writers.length).toBeGreaterThan(10);
    first.child.kill('SIGSTOP');
    const second = start('frozen', 'second');
    await eventually(() => writers.filter(isOf('second')).length).toBeGreaterThan(10);
    first.child.kill('SIGCONT');
    expect(await first.exit).toEqual([1, null]);
    const refused = { kind: 'refused', detail: 'no longer the leader' };
    expect(first.said.slice(1, 3)).toEqual([refused, refused]);
    expect(first.said.at(-1)).toMatchObject({ kind: 'lost' });
    const then = writers.length;
    await eventually(() => writers.length).toBeGreaterThan(then + 10);
    expect(writers.lastIndexOf('first')).toBeLessThan(writers.indexOf('second'));
    expect(second.said.at(-1)).toEqual({ kind: 'leader', identity: 'second' });
    end.abort();
  });

  it('and when it ends in order, the other at once: nobody waits for the lease to run out', async () => {
    const end = new AbortController();
    const writers = await journalOf('released', end.signal);
    const times = { leaseSeconds: 3600, renewSeconds: 30, retrySeconds: 0.5 };
    const first = start('released', 'first', times);
    await eventually(() => writers.length).toBeGreaterThan(10);
    const second = start('released', 'second', times);
    await eventually(() => second.said).toEqual([{ kind: 'leader', identity: 'first' }]);
    first.child.kill('SIGTERM');
    expect(await first.exit).toEqual([0, null]);
    expect(first.said.at(-1)).toEqual({ kind: 'ended' });
    await eventually(() => writers).toContain('second');
    expect(writers.lastIndexOf('first')).toBeLessThan(writers.indexOf('second'));
    end.abort();
  });
});

describe('one candidate', () => {
  /** Leads until it is over, saying how that came. */
  function leading(options: Partial<LeadOptions>) {
    const end = new AbortController();
    const news: LeadNews[] = [];
    const terms: Term[] = [];
    const all = { client: admin, namespace: 'default', name: 'one', identity: 'me', ...TIMES, ...options };
    const over = lead({ ...all, onNews: (one) => news.push(one), signal: end.signal }, async (term) => {
      terms.push(term);
      await once(term.lost, 'abort');
    });
    return { news, terms, over, end };
  }
  const leads = (one: ReturnType<typeof leading>) => eventually(() => one.terms.length).toBe(1);

  it('stops when somebody took the lease, and gives up nothing that is not its own', async () => {
    const one = leading({ name: 'taken' });
    await leads(one);
    await admin.merge(`${LEASES}/taken`, { spec: { holderIdentity: 'operator' } });
    expect(await one.over).toEqual({ kind: 'lost', detail: 'operator took the lease' });
    expect(await specOf('taken')).toMatchObject({ holderIdentity: 'operator' });
    expect(await one.terms[0]?.client.remove(`${LEASES}/taken`)).toEqual({
      kind: 'failed',
      detail: 'no longer the leader',
    });
  });

  it("keeps leading when its Lease gets a label, or is deleted; gives it up at its own end, and keeps others' words", async () => {
    const one = leading({ name: 'deleted' });
    await leads(one);
    await admin.merge(`${LEASES}/deleted`, { metadata: { labels: { seen: 'yes' } } });
    const before = (await specOf('deleted'))['renewTime'];
    await eventually(async () => (await specOf('deleted'))['renewTime']).not.toBe(before);
    expect(await admin.json(`${LEASES}/deleted`)).toMatchObject({ value: { metadata: { labels: { seen: 'yes' } } } });
    await admin.remove(`${LEASES}/deleted`);
    await eventually(async () => (await admin.json(`${LEASES}/deleted`)).known).toBe(true);
    one.end.abort();
    expect(await one.over).toEqual({ kind: 'ended' });
    expect(await specOf('deleted')).toMatchObject({ holderIdentity: '' });
    expect(one.news).toEqual([{ kind: 'leader', identity: 'me' }]);
  });

  it('says why it cannot lead, and does as soon as it can', async () => {
    const one = leading({ namespace: 'hayward' });
    await eventually(() => one.news).toEqual([
      { kind: 'trouble', detail: expect.stringContaining('namespaces "hayward" not found') },
    ]);
    await admin.create('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'hayward' } });
    await leads(one);
    one.end.abort();
    await one.over;
    const client = await connectionFor((await server.user({ name: 'stranger' })).kubeconfig);
    const other = leading({ client });
    await eventually(() => other.news).toEqual([
      { kind: 'trouble', detail: expect.stringContaining('User "stranger" cannot get resource "leases"') },
    ]);
    other.end.abort();
    expect(await other.over).toEqual({ kind: 'ended' });
    client.close();
  });

  it('steps down when the server is frozen, before another could take over', async () => {
    const one = leading({ name: 'silent' });
    await leads(one);
    await server.freeze();
    expect(await one.over).toEqual({ kind: 'lost', detail: 'not renewed for 4 s' });
    server.thaw();
    expect(await specOf('silent')).toMatchObject({ holderIdentity: 'me' });
  });

  it('refuses a candidate without a name, whose lease others would take for free', async () => {
    await expect(leading({ identity: '' }).over).rejects.toThrow(RangeError);
  });

  it('refuses times that make no sense', async () => {
    for (const times of [{ leaseSeconds: 4 }, { retrySeconds: 0 }, { retrySeconds: 4 }, { leaseSeconds: 6.5 }]) {
      await expect(leading(times).over).rejects.toThrow(RangeError);
    }
  });
});
