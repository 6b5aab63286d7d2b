import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { LabApiServer } from '../lab/kube/api-server.ts';
import { type ZipPiece, zipBytes } from './make-archives.ts';

interface List {
  readonly items: readonly { readonly metadata: { readonly name: string } }[];
  [field: string]: unknown;
}

/** A list as the API sends it: its items do not say their kind. Undefined where there is no such resource. */
async function listed({ admin }: LabApiServer, path: string): Promise<List | undefined> {
  const { status, text } = await admin.ask(path);
  return status === 200 ? (JSON.parse(text) as List) : undefined;
}

async function namespacesOf(server: LabApiServer): Promise<readonly string[]> {
  const list = await listed(server, '/api/v1/namespaces');
  return list?.items.map(({ metadata }) => metadata.name) ?? [];
}

const OF_CLUSTER = [
  'v1/nodes',
  'v1/namespaces',
  'admissionregistration.k8s.io/v1/validatingwebhookconfigurations',
  'admissionregistration.k8s.io/v1/mutatingwebhookconfigurations',
  'harvesterhci.io/v1beta1/settings',
] as const;

const OF_NAMESPACE = [
  'v1/services',
  'v1/endpoints',
  'v1/configmaps',
  'v1/pods',
  'apps/v1/deployments',
  'apps/v1/daemonsets',
  'coordination.k8s.io/v1/leases',
  'management.cattle.io/v3/managedcharts',
] as const;

/** Which Harvester asks the kit for (pkg/util/supportbundle), of those that matter here. */
const KIT_NAMESPACES = ['default', 'kube-system', 'cattle-system', 'harvester-system', 'fleet-local'] as const;

function rootOf(resource: string): string {
  const [group, ...rest] = resource.split('/');
  return rest.length === 1 ? `/api/${group}` : `/apis/${group}/${rest[0]}`;
}

/** A support bundle as rancher/support-bundle-kit writes it from an API server's objects. `at`: RFC 3339. */
export async function supportBundle(server: LabApiServer, at: string): Promise<Buffer> {
  const top = `supportbundle_0b9ff4d0_${at.replaceAll(':', '-')}`;
  const { text } = await server.admin.ask('/version');
  const { gitVersion } = JSON.parse(text) as { gitVersion: string };
  const pieces: ZipPiece[] = [
    {
      name: `${top}/metadata.yaml`,
      body: stringify({ projectname: 'Harvester', kubernetesversion: gitVersion, bundlecreatedat: at }),
    },
    { name: `${top}/bundleGenerationError.log`, body: '' },
  ];
  const put = async (path: string, name: string): Promise<void> => {
    const list = await listed(server, path);
    if (list)
      pieces.push({ name: `${top}/yamls/${name}.yaml`, body: stringify(asTheKitWrites(list), { indentSeq: false }) });
  };
  for (const one of OF_CLUSTER) await put(`${rootOf(one)}/${one.split('/').at(-1)}`, `cluster/${one}`);
  for (const namespace of KIT_NAMESPACES) {
    for (const one of OF_NAMESPACE) {
      const path = `${rootOf(one)}/namespaces/${namespace}/${one.split('/').at(-1)}`;
      await put(path, `namespaced/${namespace}/${one}`);
    }
  }
  return zipBytes(...pieces);
}

/** It works on the text of the answer: what is empty or null becomes the word null (pkg/manager/collectors/common.go). */
function asTheKitWrites(list: List): object {
  const text = JSON.stringify(list)
    .replace(/("[a-zA-Z]+":)null,/g, '$1"null",')
    .replaceAll('""', '"null"');
  return { ...(JSON.parse(text) as List), kind: 'List', apiVersion: 'v1' };
}

/** `kubectl cluster-info dump --all-namespaces --output-directory FOLDER`. */
export async function clusterInfoDump(server: LabApiServer, folder: string): Promise<void> {
  const write = async (path: string, name: string): Promise<void> => {
    const list = await listed(server, path);
    if (list) await writeFile(join(folder, `${name}.json`), JSON.stringify(list, undefined, 4));
  };
  await mkdir(folder);
  await write('/api/v1/nodes', 'nodes');
  for (const namespace of await namespacesOf(server)) {
    await mkdir(join(folder, namespace));
    for (const one of ['v1/events', 'v1/services', 'apps/v1/daemonsets', 'apps/v1/deployments', 'v1/pods']) {
      const plural = one.split('/').at(-1) ?? '';
      await write(`${rootOf(one)}/namespaces/${namespace}/${plural}`, `${namespace}/${plural}`);
    }
  }
}
