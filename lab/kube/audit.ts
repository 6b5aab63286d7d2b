import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { keptFolder } from './processes.ts';

/** One request, as the API server writes it down once it is answered. */
export interface AuditedRequest {
  readonly user: string;
  /** As RBAC has it: get, list, watch, create, update, patch, delete. */
  readonly verb: string;
  /** With the subresource: `nodenetworkprobes/status`. */
  readonly resource: string;
  readonly name: string;
  readonly status: number;
}

export interface Audit {
  /** For kube-apiserver. */
  readonly arguments: readonly string[];
  /** All requests for objects so far, in their order. A watch is there once it has begun, too. */
  read(): Promise<readonly AuditedRequest[]>;
  remove(): Promise<void>;
}

const POLICY = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [{ level: 'Metadata' }],
};

/** The API server's own account of who asked what: it is written before the answer is sent (--audit-log-mode=blocking). */
export async function auditLog(): Promise<Audit> {
  const { path, remove } = await keptFolder('hayward-audit-');
  const policy = join(path, 'policy.json');
  const log = join(path, 'log');
  await writeFile(policy, JSON.stringify(POLICY));
  return {
    arguments: [`--audit-policy-file=${policy}`, `--audit-log-path=${log}`, '--audit-log-maxsize=1000'],
    async read() {
      const lines = (await readFile(log, 'utf8')).split('\n').slice(0, -1);
      const once = new Map(lines.map((line) => JSON.parse(line)).map((event) => [event.auditID as string, event]));
      return [...once.values()].flatMap(requestOf);
    },
    remove,
  };
}

function requestOf({ user, verb, objectRef, responseStatus }: AuditEvent): AuditedRequest[] {
  if (!objectRef?.resource) return [];
  const { resource, subresource, name = '' } = objectRef;
  return [
    {
      user: user.username,
      verb,
      resource: subresource === undefined ? resource : `${resource}/${subresource}`,
      name,
      status: responseStatus?.code ?? 0,
    },
  ];
}

interface AuditEvent {
  readonly user: { readonly username: string };
  readonly verb: string;
  readonly objectRef?: { readonly resource?: string; readonly subresource?: string; readonly name?: string };
  readonly responseStatus?: { readonly code?: number };
}
