import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import type { LabApiServer } from './api-server.ts';

export interface ServiceAccount {
  readonly namespace: string;
  readonly name: string;
  /** The node of the Pod whose token it is; without it the token is no Pod's. */
  readonly node?: string;
}

/** A kubeconfig with a token as the kubelet gives it to a Pod. The service account must be there. Throws where there is no token. */
export async function serviceAccountKubeconfig(server: LabApiServer, account: ServiceAccount): Promise<string> {
  const { namespace, name, node } = account;
  const space = `/api/v1/namespaces/${namespace}`;
  async function post(path: string, body: unknown): Promise<Record<string, Record<string, string>>> {
    const { status, text } = await server.admin.ask(path, { method: 'POST', body });
    if (status >= 300) throw new Error(`POST ${path}: HTTP ${status}: ${text}`);
    return JSON.parse(text) as Record<string, Record<string, string>>;
  }
  async function podOn(nodeName: string) {
    const containers = [{ name: 'hayward', image: 'registry.example/hayward:1' }];
    const pod = { metadata: { name: `${name}-${nodeName}` }, spec: { serviceAccountName: name, nodeName, containers } };
    const { metadata } = await post(`${space}/pods`, pod);
    return { apiVersion: 'v1', kind: 'Pod', name: metadata?.['name'], uid: metadata?.['uid'] };
  }
  const spec = node === undefined ? {} : { boundObjectRef: await podOn(node) };
  const { status } = await post(`${space}/serviceaccounts/${name}/token`, { spec });
  const folder = await mkdtemp(join(dirname(server.admin.kubeconfig), 'account-'));
  const tokenFile = join(folder, 'token');
  await writeFile(tokenFile, status?.['token'] ?? '', { mode: 0o600 });
  const authority = await readFile(server.authority.certificate, 'base64');
  const kubeconfig = join(folder, 'kubeconfig');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'default', cluster: { server: server.url, 'certificate-authority-data': authority } }],
    users: [{ name: 'default', user: { tokenFile } }],
    contexts: [{ name: 'default', context: { cluster: 'default', user: 'default' } }],
    'current-context': 'default',
  };
  await writeFile(kubeconfig, stringify(config), { mode: 0o600 });
  return kubeconfig;
}
