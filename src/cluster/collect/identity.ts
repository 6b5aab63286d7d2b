import { hostname } from 'node:os';
import { known, mapReading, type Reading, unknown } from '../../hosts/reading.ts';
import type { KubeClient } from '../client/client.ts';
import type { Identity } from '../model.ts';
import { pieceOf } from './objects.ts';

const REVIEW = '/apis/authentication.k8s.io/v1/selfsubjectreviews';

/** Who the API server says we are (from 1.28 on), else what our certificate says: Kubernetes takes CN for the user, each O for a group. */
export async function collectIdentity(client: KubeClient): Promise<Reading<Identity>> {
  const question = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
  const review = await client.review(REVIEW, question);
  const said = mapReading(review, (object) => {
    const info = pieceOf(object).at('status', 'userInfo');
    return { username: info.text('username'), groups: info.texts('groups') };
  });
  if ((said.known && said.value.username !== '') || !client.certificate) return said;
  const { subject, place } = client.certificate;
  const parts = subject.split(', ').map((part) => part.split('='));
  const valuesOf = (key: string): string[] =>
    parts.filter(([own]) => own === key).map(([, ...value]) => value.join('='));
  return known({ username: valuesOf('CN')[0] ?? '', groups: valuesOf('O') }, place);
}

const NODE = 'system:node:';

/** The node whose credentials these are, else the one this machine is, where it is one. */
export function ownNodeName(identity: Reading<Identity>, isNode: boolean): Reading<string> {
  if (identity.known && identity.value.username.startsWith(NODE)) {
    return known(identity.value.username.slice(NODE.length), identity.source);
  }
  // The kubelet's own rule, where no --hostname-override is set: lower case (pkg/util/node).
  if (isNode) return known(hostname().trim().toLowerCase(), 'hostname');
  return unknown('not-collected', 'hostname', 'this machine is no node of the cluster');
}
