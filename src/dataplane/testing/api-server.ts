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
  /** Whether it removes nothing just now. */
  isAway?(): boolean;
}

/** As much of an API server and its controllers as a run of `dataplane` needs: its DaemonSets have Pods at once, and those run. */
export function apiServer({ refuses, says, nodes, isAway }: Behaviour) {
  const made: KubeBody[] = [];
  const executed: (readonly string[])[] = [];
  const pods = () =>
    made
      .filter(({ kind }) => kind === 'DaemonSet')
      .flatMap(({ metadata: { name } }) =>
        nodes.map((nodeName, index) => ({
          metadata: { name: `${name}-${nodeName}`, labels: { 'hayward.internal/dataplane-role': name } },
          spec: { nodeName },
          status: { podIP: `10.52.${index + 1}.2`, containerStatuses: [{ state: { running: {} } }] },
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
    async remove(path: string): Promise<Written> {
      if (isAway?.()) return { kind: 'failed', detail: 'connection refused' };
      const at = made.findIndex(({ metadata: { name } }) => path.split('?')[0]?.endsWith(`/${name}`));
      if (at < 0) return { kind: 'gone', detail: 'not found' };
      made.splice(at, 1);
      return { kind: 'done', object: {} };
    },
    async json(path: string) {
      return known({ kind: 'List', items: path.includes('/pods') ? pods() : [] }, path);
    },
    async exec({ command }: { command: readonly string[] }) {
      executed.push(command);
      return known({ exitCode: 0, stdout: says?.(command) ?? '', stderr: '', trouble: '' }, 'exec');
    },
  };
  return { client: client as unknown as KubeConnection, made, executed };
}
