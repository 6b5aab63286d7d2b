import { setTimeout as wait } from 'node:timers/promises';
import type { KubeConnection } from '../cluster/client/connection.ts';
import { LIFETIME, type Run } from '../dataplane/kubernetes/objects.ts';
import { metricsText, type Told } from '../dataplane/metrics.ts';
import { EXPIRES } from '../dataplane/run-namespace.ts';
import { listening, plainText, serverOf } from '../http-server.ts';
import type { Finding } from '../judging/finding.ts';
import { nameOf } from '../report/text-finding.ts';
import { oneLine } from '../report/text-line.ts';
import type { Given } from './dataplane-flow.ts';
import { resultText } from './dataplane-output.ts';
import { everyMs } from './dataplane-run.ts';
import { UsageError } from './usage.ts';

/** Asks round after round until a signal, prints the first whole and of the others what changed. The findings of the last. */
export async function watchDataplane(given: Given, run: Run, round: () => Promise<Told>): Promise<readonly Finding[]> {
  const { raw, client, signal, progress } = given;
  const every = everyMs(raw.watch);
  const began = Date.now();
  let rounds = 0;
  let last: Told | undefined;
  const server = await metricsServer(raw.listen, () => metricsText(rounds, last));
  try {
    while (!signal.aborted) {
      const now = await round();
      progress.end();
      process.stdout.write(last === undefined ? firstText(given, now) : changesText(last.findings, now));
      last = now;
      rounds++;
      await putOff(client, run, began);
      await wait(every, undefined, { signal });
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    server?.close();
    server?.closeAllConnections();
  }
  return last?.findings ?? [];
}

async function metricsServer(where: Given['raw']['listen'], metrics: () => string) {
  if (where === undefined || where === 'off') return undefined;
  const server = serverOf([
    { method: 'GET', path: '/healthz', open: true, answer: () => plainText('ok') },
    {
      method: 'GET',
      path: '/metrics',
      answer: () => ({ status: 200, type: 'text/plain; version=0.0.4; charset=utf-8', body: metrics() }),
    },
  ]);
  try {
    await listening(server, where);
  } catch (error) {
    throw new UsageError(`--listen: ${error instanceof Error ? error.message : String(error)}`);
  }
  return server;
}

/** What ends a run that was left behind must not end one that goes on. A write that fails is tried again with the next round. */
async function putOff(client: KubeConnection, { namespace, lifetimeSeconds }: Run, began: number): Promise<void> {
  const expires = new Date(Date.now() + lifetimeSeconds * 1000).toISOString();
  await client.merge(`/api/v1/namespaces/${namespace}`, { metadata: { annotations: { [EXPIRES]: expires } } });
  const passed = Math.ceil((Date.now() - began) / 1000);
  await client.merge(`/apis/batch/v1/namespaces/${namespace}/jobs/${LIFETIME}`, {
    spec: { activeDeadlineSeconds: passed + lifetimeSeconds },
  });
}

function firstText(given: Given, now: Told): string {
  return resultText({ ...given, ...now, image: '', dialect: '' });
}

/** One line for each problem that came or went. */
export function changesText(before: readonly Finding[], { findings, at }: Told): string {
  const keyOf = (one: Finding): string => `${one.status} ${nameOf(one)}`;
  const isWrong = ({ status, severity }: Finding): boolean => status === 'problem' && severity !== 'info';
  const [old, now] = [before.filter(isWrong), findings.filter(isWrong)];
  const gone = old.filter((one) => !now.some((other) => keyOf(other) === keyOf(one)));
  const come = now.filter((one) => !old.some((other) => keyOf(other) === keyOf(one)));
  const line = (mark: string, one: Finding): string =>
    `${at.toISOString()} ${mark} ${oneLine(`${nameOf(one)}: ${one.title}`)}\n`;
  return [...come.map((one) => line('✗', one)), ...gone.map((one) => line('✓', one))].join('');
}
