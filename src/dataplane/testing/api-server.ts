import type { KubeConnection } from '../../cluster/client/connection.ts';
import type { KubeBody, NotWritten, Written } from '../../cluster/client/write.ts';
import { known } from '../../hosts/reading.ts';

/** How it behaves. */
export interface Behaviour {
  /** A policy's or the schema's word on what is made; undefined: it is made. */
  refuses?(body: KubeBody): NotWritten | undefined;
  /** What a Pod says that is asked to run something. */
  says?(command: readonly string[]): string;
  readonly nodes: readonly string[];
  /** Of a node's Pods; the network's first otherwise. */
  addressOf?(node: string): string | undefined;
  /** Whether it removes nothing just now. */
  isAway?(): boolean;
}

/** As much of an API server and its controllers as a run of `dataplane` needs: its DaemonSets have Pods at once, and those run. */
export function apiServer({ refuses, says, nodes, addressOf, isAway }: Behaviour) {
  const made: KubeBody[] = [];
  const merged: { readonly path: string; readonly patch: object }[] = [];
  const executed: (readonly string[])[] = [];
  const pods = () =>
    made
      .filter(({ kind }) => kind === 'DaemonSet')
      .flatMap(({ metadata: { name } }) =>
        nodes.map((nodeName, index) => ({
          metadata: { name: `${name}-${nodeName}`, labels: { 'hayward.internal/dataplane-role': name } },
          spec: { nodeName },
          status: {
            podIP: addressOf?.(nodeName) ?? `10.52.${index + 1}.2`,
            containerStatuses: [{ state: { running: {} } }],
          },
        })),
      );
  const client = {
    server: 'https://api.test',
    async create(_: string, body: KubeBody): Promise<Written> {
      const refusal = refuses?.(body);
      if (refusal) return refusal;
      made.push(body);
      const { name } = body.metadata;
      const object = { metadata: { name, uid: `uid-${name}` }, spec: { clusterIP: '10.53.0.7', ports: [] } };
      return { kind: 'done', object };
    },
    async merge(path: string, patch: object): Promise<Written> {
      merged.push({ path, patch });
      return { kind: 'done', object: {} };
    },
    async remove(path: string): Promise<Written> {
      if (isAway?.()) return { kind: 'failed', detail: 'connection refused' };
      const at = made.findIndex(({ metadata: { name } }) => path.split('?')[0]?.endsWith(`/${name}`));
      if (at < 0) return { kind: 'gone', detail: 'not found' };
      made.splice(at, 1);
      return { kind: 'done', object: {} };
    },
    async json(path: string) {
      const items = path.includes('/pods') ? pods() : path.includes('/api/v1/nodes') ? nodes.map(readyNode) : [];
      return known({ kind: 'List', items }, path);
    },
    async exec({ command }: { command: readonly string[] }) {
      executed.push(command);
      return known({ exitCode: 0, stdout: says?.(command) ?? '', stderr: '', trouble: '' }, 'exec');
    },
  };
  return { client: client as unknown as KubeConnection, made, merged, executed };
}

function readyNode(name: string): object {
  const addresses = [{ type: 'InternalIP', address: '10.0.0.1' }];
  return { metadata: { name }, status: { addresses, conditions: [{ type: 'Ready', status: 'True' }] } };
}
