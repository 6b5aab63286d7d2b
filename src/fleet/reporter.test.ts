import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { freePort } from '../../lab/free-port.ts';
import { connectionFor } from '../cluster/client/testing/connection.ts';
import { eventually } from '../cluster/client/testing/eventually.ts';
import { known, unknown } from '../hosts/reading.ts';
import { type ReporterOptions, type ReportStanding, startReporter } from './reporter.ts';

const directory = mkdtempSync(join(tmpdir(), 'hayward-reporter-'));
const ending = new AbortController();
afterEach(() => {
  ending.abort();
  rmSync(directory, { recursive: true, force: true });
});

/** A cluster where nothing listens. */
async function nobody(): Promise<string> {
  const path = join(directory, 'kubeconfig');
  const config = {
    clusters: [{ name: 'a', cluster: { server: `https://127.0.0.1:${await freePort()}` } }],
    users: [{ name: 'a', user: { token: 'none' } }],
    contexts: [{ name: 'a', context: { cluster: 'a', user: 'a' } }],
    'current-context': 'a',
  };
  writeFileSync(path, JSON.stringify({ apiVersion: 'v1', kind: 'Config', ...config }));
  return path;
}

it('waits for credentials, then for an API server, telling of each once and of one that is just restarted not at all', async () => {
  const kubeconfig = await nobody();
  const told: ReportStanding[] = [];
  let opened = 0;
  const open: ReporterOptions['open'] = async () => {
    opened += 1;
    if (opened <= 2) return unknown('absent', '', 'no kubeconfig');
    return known(await connectionFor(kubeconfig), kubeconfig);
  };
  const reporter = startReporter({
    node: 'node-1',
    open,
    judgement: () => undefined,
    onChange: (standing) => void told.push(standing),
    signal: ending.signal,
  });
  await eventually(() => reporter.standing().trouble?.kind).toBe('failed');
  expect(told.map(({ trouble }) => trouble)).toEqual([{ kind: 'credentials', detail: 'no kubeconfig' }]);
  await eventually(() => told.length).toBe(2);
  expect(told[1]).toMatchObject({ node: 'node-1', heardAt: null, trouble: { kind: 'failed' } });
  expect(told[1]?.trouble?.detail).toContain('ECONNREFUSED');
  ending.abort();
  await reporter.ended;
  expect([opened, told.length]).toEqual([3, 2]);
});
