import { known, mapReading, type Reading, unknown } from '../../hosts/reading.ts';
import { harmless } from '../../hosts/sanitise.ts';
import type { KubeClient } from '../client/client.ts';
import { list } from '../client/list.ts';
import type { Part, Registration } from '../model/parts.ts';
import { pieceOf } from './objects.ts';
import { selectorOf } from './parts.ts';

const NAMESPACE = '/api/v1/namespaces/cattle-system';
const AGENT = '/apis/apps/v1/namespaces/cattle-system/deployments/cattle-cluster-agent';
const LINES = 50;

/** The agent by which this cluster reports to a Rancher elsewhere: absent where it was never imported. */
export async function collectRegistration(
  client: KubeClient,
  parts: Reading<readonly Part[]>,
): Promise<Reading<Registration>> {
  const deployment = await client.json(AGENT);
  if (!deployment.known) return deployment;
  if (!parts.known) return parts;
  const agent = parts.value.find(({ name }) => name === 'cattle-cluster-agent');
  if (!agent) return unknown('absent', deployment.source, 'cattle-cluster-agent is gone again');
  const object = pieceOf(deployment.value);
  const environment = object.list('spec', 'template', 'spec', 'containers').flatMap((one) => one.list('env'));
  const server = environment.find((variable) => variable.text('name') === 'CATTLE_SERVER')?.text('value') ?? '';
  const pods = await list(client, `${NAMESPACE}/pods`, (pod) => pieceOf(pod).text('metadata', 'name'), {
    labelSelector: selectorOf(object),
  });
  const registration = {
    server,
    agent,
    // The Cluster object with its conditions is kept by the Rancher it was imported into.
    connected: unknown('not-collected', server, 'kept by the Rancher this cluster was imported into'),
    log: pods.known ? await logOf(client, pods.value[0]) : pods,
  } as const;
  return known(registration, deployment.source);
}

/** The agent prints what it sends at times, tokens in it. */
const SECRET = /("?(?:token|password|secret|authorization)"?\s*[:=]\s*"?(?:bearer\s+)?)[^\s",&]+/gi;
const JWT_OR_KEY = /\beyJ[\w-]+\.[\w-]+\.[\w-]*|\b(?:token|kubeconfig)-[\w-]+:\w+/g;

/** Blots out what may be a secret in a line of a log. */
export function blotted(line: string): string {
  return harmless(line.replace(JWT_OR_KEY, '…').replace(SECRET, '$1…'));
}

async function logOf(client: KubeClient, pod: string | undefined): Promise<Reading<readonly string[]>> {
  if (pod === undefined) return unknown('absent', NAMESPACE, 'cattle-cluster-agent has no Pod');
  const text = await client.text(`${NAMESPACE}/pods/${encodeURIComponent(pod)}/log?tailLines=${LINES}`);
  return mapReading(text, (log) =>
    log
      .split('\n')
      .filter((line) => line.trim() !== '')
      .slice(-LINES)
      .map(blotted),
  );
}
