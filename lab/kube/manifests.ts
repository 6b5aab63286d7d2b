import { readFile } from 'node:fs/promises';
import { parseAllDocuments } from 'yaml';
import type { KubeConnection } from '../../src/cluster/client/connection.ts';
import type { KubeBody } from '../../src/cluster/client/write.ts';

/** Where the API has the kinds that hayward's manifests hold. */
const PLURALS: Readonly<Record<string, string>> = {
  Namespace: 'namespaces',
  ServiceAccount: 'serviceaccounts',
  ClusterRole: 'clusterroles',
  ClusterRoleBinding: 'clusterrolebindings',
  Role: 'roles',
  RoleBinding: 'rolebindings',
  Deployment: 'deployments',
  DaemonSet: 'daemonsets',
  PodDisruptionBudget: 'poddisruptionbudgets',
  ValidatingAdmissionPolicy: 'validatingadmissionpolicies',
  ValidatingAdmissionPolicyBinding: 'validatingadmissionpolicybindings',
  CustomResourceDefinition: 'customresourcedefinitions',
};

/** The objects of a manifest. */
export async function manifestObjects(file: string): Promise<readonly KubeBody[]> {
  return parseAllDocuments(await readFile(file, 'utf8')).map((document) => document.toJS() as KubeBody);
}

/** Applies a manifest as `kubectl apply --server-side` does. Throws where the API server refuses any of it. */
export async function applyManifest(client: KubeConnection, file: string): Promise<void> {
  for (const object of await manifestObjects(file)) {
    const { apiVersion, kind } = object;
    const { name, namespace } = object.metadata as { name: string; namespace?: string };
    const plural = PLURALS[kind];
    if (plural === undefined) throw new TypeError(`no path is known for the kind ${kind}`);
    const root = apiVersion === 'v1' ? '/api/v1' : `/apis/${apiVersion}`;
    const path = `${root}${namespace === undefined ? '' : `/namespaces/${namespace}`}/${plural}/${name}`;
    const written = await client.apply(path, object, { manager: 'lab', force: true });
    if (written.kind !== 'done') throw new Error(`${kind} ${name}: ${written.detail}`);
  }
}
