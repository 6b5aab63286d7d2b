import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiServer, type LabApiServer } from './api-server.ts';
import type { Answer, Credentials } from './credentials.ts';

/**
 * What Harvester's console asked with the node's own credentials up to v1.5.0-rc (harvester-installer d5e97e15^), as kubectl
 * sends it.
 */
const OLD_CHECK =
  '/api/v1/namespaces/harvester-system/pods?labelSelector=app.kubernetes.io%2Fname%3Dharvester&limit=500';

const REFUSED = 'can only list/watch pods with spec.nodeName field selector';

let server: LabApiServer;
let node: Credentials;
beforeAll(async () => {
  server = await apiServer({ version: '1.33' });
  node = await server.node('node-1');
});
afterAll(() => server.dispose());

function message({ text }: Answer): string {
  return (JSON.parse(text) as { message: string }).message;
}

describe('a node asks with its own credentials', () => {
  it('is refused the Pods of the cluster and of a namespace', async () => {
    const all = await node.ask('/api/v1/pods');
    expect(all.status).toBe(403);
    expect(message(all)).toBe(
      `pods is forbidden: User "system:node:node-1" cannot list resource "pods" in API group "" at the cluster scope: ${REFUSED}`,
    );
    const old = await node.ask(OLD_CHECK);
    expect(old.status).toBe(403);
    expect(message(old)).toBe(
      `pods is forbidden: User "system:node:node-1" cannot list resource "pods" in API group "" in the namespace "harvester-system": ${REFUSED}`,
    );
  });

  it('is given the Pods of its own node, and of no other', async () => {
    expect(await node.ask('/api/v1/pods?fieldSelector=spec.nodeName%3Dnode-1')).toMatchObject({ status: 200 });
    const other = await node.ask('/api/v1/pods?fieldSelector=spec.nodeName%3Dnode-2');
    expect(other.status).toBe(403);
    expect(message(other)).toContain(REFUSED);
  });

  it('is given its own Node alone, all Services, and no ConfigMap that none of its Pods uses', async () => {
    const nodes = await node.ask('/api/v1/nodes');
    expect(message(nodes)).toMatch(/: node 'node-1' cannot read all nodes, only its own Node object$/);
    const other = await node.ask('/api/v1/nodes/node-2');
    expect(message(other)).toMatch(/: node 'node-1' cannot read 'node-2', only its own Node object$/);
    expect(await node.ask('/api/v1/nodes/node-1')).toMatchObject({ status: 404 });
    expect(await node.ask('/api/v1/nodes?fieldSelector=metadata.name%3Dnode-1')).toMatchObject({ status: 200 });
    expect(await node.ask('/api/v1/services')).toMatchObject({ status: 200 });
    const vip = await node.ask('/api/v1/namespaces/harvester-system/configmaps/vip');
    expect(message(vip)).toMatch(/: no relationship found between node 'node-1' and this object$/);
  });

  it('is allowed everything again where RBAC adds it', async () => {
    const group = 'rbac.authorization.k8s.io';
    const rbac = `/apis/${group}/v1`;
    const role = {
      metadata: { name: 'pods-reader' },
      rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['list'] }],
    };
    const binding = {
      metadata: { name: 'nodes-read-pods' },
      roleRef: { apiGroup: group, kind: 'ClusterRole', name: 'pods-reader' },
      subjects: [{ apiGroup: group, kind: 'Group', name: 'system:nodes' }],
    };
    for (const [path, body] of Object.entries({ clusterroles: role, clusterrolebindings: binding })) {
      expect(await server.admin.ask(`${rbac}/${path}`, { method: 'POST', body })).toMatchObject({ status: 201 });
    }
    await expect.poll(async () => (await node.ask(OLD_CHECK)).status, { timeout: 30_000 }).toBe(200);
    await server.admin.ask(`${rbac}/clusterrolebindings/nodes-read-pods`, { method: 'DELETE' });
    await expect.poll(async () => (await node.ask(OLD_CHECK)).status, { timeout: 30_000 }).toBe(403);
  });
});

describe('feature gates', () => {
  /** Why the server does not start with these gates, without klog's date and place. */
  async function refusal(version: '1.33' | '1.34', featureGates: Record<string, boolean>): Promise<string> {
    await server.kill();
    return server.start({ version, featureGates }).then(
      () => 'it started',
      (error: Error) =>
        error.name === 'ApiServerEnded' ? error.message.replace(/^E\S+ \S+ +\d+ /, '') : String(error),
    );
  }
  const failed = (why: string): string => `run.go:72] "command failed" err="${why}"`;

  it('1.33 answers the old check as before 1.32 with the gates off', async () => {
    const off = { AuthorizeNodeWithSelectors: false, AuthorizeWithSelectors: false };
    expect(await refusal('1.33', off)).toBe('it started');
    for (const path of [
      '/api/v1/pods',
      OLD_CHECK,
      '/api/v1/nodes',
      '/api/v1/pods?fieldSelector=spec.nodeName%3Dnode-2',
    ]) {
      expect(await node.ask(path), path).toMatchObject({ status: 200 });
    }
    expect(await refusal('1.33', { AuthorizeNodeWithSelectors: false })).toBe('it started');
    expect(await node.ask(OLD_CHECK)).toMatchObject({ status: 200 });
  });

  it.each(['1.33', '1.34'] as const)('%s does not start with the gate that articles name', async (version) => {
    const why = failed('unrecognized feature gate: NodeAuthorizerEnablePodSelectors');
    expect(await refusal(version, { NodeAuthorizerEnablePodSelectors: false })).toBe(why);
    expect(await refusal(version, { NodeAuthorizerEnablePodSelectors: true })).toBe(why);
    expect(() => server.pid).toThrow('the API server is down');
  });

  it('1.33 does not start with the one gate on and the other, which it needs, off', async () => {
    const why = failed('AuthorizeNodeWithSelectors feature requires AuthorizeWithSelectors feature to be enabled');
    expect(await refusal('1.33', { AuthorizeWithSelectors: false })).toBe(why);
  });

  it('1.34 does not start with a locked gate off, starts with it on, and names every one that is wrong', async () => {
    const locked = (name: string): string => `cannot set feature gate ${name} to false, feature is locked to true`;
    expect(await refusal('1.34', { AuthorizeNodeWithSelectors: false })).toBe(
      failed(locked('AuthorizeNodeWithSelectors')),
    );
    const [one, other] = [locked('AuthorizeWithSelectors'), locked('AuthorizeNodeWithSelectors')];
    // In whatever order Go's map of them has this time.
    expect([failed(`[${one}, ${other}]`), failed(`[${other}, ${one}]`)]).toContain(
      await refusal('1.34', { AuthorizeWithSelectors: false, AuthorizeNodeWithSelectors: false }),
    );
    expect(await refusal('1.34', { AuthorizeNodeWithSelectors: true })).toBe('it started');
    expect(await server.log()).toContain(
      'Setting GA feature gate AuthorizeNodeWithSelectors=true. It will be removed in a future release.',
    );
    expect(await node.ask(OLD_CHECK)).toMatchObject({ status: 403 });
  });
});
