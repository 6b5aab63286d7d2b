import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LabApiServer } from '../../lab/kube/api-server.ts';
import type { ServerRoom } from '../../lab/kube/server-room.ts';
import { connectionFor } from '../../src/cluster/client/testing/connection.ts';
import type { NodeJudgement } from '../../src/fleet/node-report.ts';
import { type ReportStanding, startReporter } from '../../src/fleet/reporter.ts';
import { known } from '../../src/hosts/reading.ts';
import { type RunningGuard, watchGuard } from '../../test/guard/running-guard.ts';

/** What reports in reporting.kube.test.ts: the built program, and its loop by itself. */

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
/** What the program holds at 1. */
export const KEY = 'net.ipv4.conf.all.arp_ignore';
export const ACCOUNT = 'hayward-guard';

function run(room: ServerRoom, argv: readonly string[]): ChildProcess {
  const [file, ...args] = room.inside(argv);
  return spawn(file, args, { stdio: 'ignore' });
}

/** As somebody else on the node would. */
export async function setKey(room: ServerRoom, value: string): Promise<void> {
  const [status] = await once(run(room, ['sysctl', '-qw', `${KEY}=${value}`]), 'close');
  if (status !== 0) throw new Error(`sysctl ended with ${status}`);
}

/** The built program, guarding the API server's own network namespace. */
export function guardIn(
  room: ServerRoom,
  { folder, node, kubeconfig }: { readonly folder: string; readonly node: string; readonly kubeconfig: string },
): RunningGuard {
  const state = join(folder, `state-${node}`);
  const complaints = join(folder, `${node}.err`);
  const log = openSync(complaints, 'w');
  const hold = ['--only', 'ip-forward', '--hold', `${KEY}=1`, '--enforce', 'poll', '--listen', 'off'];
  const report = ['--report-to-cluster', '--node', node, '--kubeconfig', kubeconfig];
  const [file, ...args] = room.inside([process.execPath, CLI, 'guard', ...hold, ...report]);
  const env = { ...process.env, HAYWARD_STATE: state, NO_COLOR: '1' };
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', log], env });
  closeSync(log);
  return watchGuard(child, complaints, state);
}

/** What a guard that is well has to say. */
export function judgement(node: string, more: Partial<NodeJudgement> = {}): NodeJudgement {
  return {
    node,
    version: '1',
    takenAt: '2026-11-21T10:00:00.000Z',
    profile: 'generic',
    launch: 'launched',
    facts: {},
    settings: {},
    unseen: {},
    findings: [],
    guard: { enforce: 'poll', keys: 0, held: 0, contested: 0, conflicts: 0, paused: false },
    ...more,
  };
}

/** The loop by itself, with what it says at hand. */
export function reportingLoop(node: string, kubeconfig: string) {
  const ending = new AbortController();
  const changes: ReportStanding[] = [];
  let now = judgement(node);
  let looks = 0;
  const reporter = startReporter({
    node,
    open: async () => known(await connectionFor(kubeconfig), ''),
    judgement() {
      looks += 1;
      return now;
    },
    onChange: (standing) => void changes.push(standing),
    signal: ending.signal,
    lookMs: 20,
    renewMs: 50,
  });
  return {
    changes,
    say(more: Partial<NodeJudgement>) {
      now = judgement(node, more);
    },
    trouble: () => reporter.standing().trouble?.kind,
    looks: () => looks,
    async end() {
      ending.abort();
      await reporter.ended;
    },
  };
}

export type ReportingLoop = ReturnType<typeof reportingLoop>;

/** A token for what is no Pod: `kubectl create token hayward-guard --bound-object-kind Node --bound-object-name NODE`. */
export async function nodeBoundKubeconfig(
  server: LabApiServer,
  { folder, node }: { readonly folder: string; readonly node: string },
): Promise<string> {
  const { metadata } = JSON.parse((await server.admin.ask(`/api/v1/nodes/${node}`)).text) as {
    metadata: { uid: string };
  };
  const spec = { boundObjectRef: { apiVersion: 'v1', kind: 'Node', name: node, uid: metadata.uid } };
  const path = `/api/v1/namespaces/hayward/serviceaccounts/${ACCOUNT}/token`;
  const { text } = await server.admin.ask(path, { method: 'POST', body: { spec } });
  const { status } = JSON.parse(text) as { status: { token: string } };
  const kubeconfig = join(folder, `${node}.kubeconfig`);
  const config = {
    clusters: [{ name: 'a', cluster: { server: server.url, 'certificate-authority': server.authority.certificate } }],
    users: [{ name: 'a', user: { token: status.token } }],
    contexts: [{ name: 'a', context: { cluster: 'a', user: 'a' } }],
    'current-context': 'a',
  };
  await writeFile(kubeconfig, JSON.stringify({ apiVersion: 'v1', kind: 'Config', ...config }));
  return kubeconfig;
}
