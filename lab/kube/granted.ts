import { expect } from 'vitest';
import type { Audit } from './audit.ts';
import { manifestObjects } from './manifests.ts';

interface Manifest {
  readonly kind: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly subjects?: readonly { readonly name: string }[];
  readonly roleRef?: { readonly kind: string; readonly name: string };
  readonly rules?: readonly { readonly resources?: readonly string[]; readonly verbs: readonly string[] }[];
}

/** `verb resource` for all that a manifest's bindings grant an account of its own; what is no object (/metrics) is not in the audit's account either. */
export async function grantsOf(manifest: string, account: string): Promise<Set<string>> {
  const objects = (await manifestObjects(manifest)) as readonly Manifest[];
  const roles = objects
    .filter(({ subjects }) => subjects?.some(({ name }) => name === account))
    .map(({ roleRef }) => `${roleRef?.kind} ${roleRef?.name}`);
  return rulesOf(objects.filter(({ kind, metadata }) => roles.includes(`${kind} ${String(metadata['name'])}`)));
}

/** `verb resource` for all that a ClusterRole of a manifest grants whoever it is bound to. */
export async function roleGrants(manifest: string, role: string): Promise<Set<string>> {
  const objects = (await manifestObjects(manifest)) as readonly Manifest[];
  return rulesOf(objects.filter(({ kind, metadata }) => kind === 'ClusterRole' && metadata['name'] === role));
}

function rulesOf(roles: readonly Manifest[]): Set<string> {
  const rules = roles.flatMap((role) => role.rules ?? []);
  return new Set(
    rules.flatMap(({ resources = [], verbs }) =>
      resources.flatMap((resource) => verbs.map((verb) => `${verb} ${resource}`)),
    ),
  );
}

/** `verb resource` for all that somebody did. An apply that made its object (201) needed both verbs. */
export async function usesOf(audit: Audit, user: string): Promise<Set<string>> {
  const own = (await audit.read()).filter((one) => one.user === user);
  return new Set(
    own.flatMap(({ verb, resource, status }) => [
      `${verb} ${resource}`,
      ...(verb === 'patch' && status === 201 ? [`create ${resource}`] : []),
    ]),
  );
}

export async function deniedOf(audit: Audit, user: string): Promise<readonly string[]> {
  const denied = (await audit.read()).filter((one) => one.user === user && one.status === 403);
  return denied.map(({ verb, resource, name }) => `${verb} ${resource} ${name}`);
}

/** A service account in the namespace hayward was refused nothing so far, and has used all that it is granted. */
export async function expectExactly(of: {
  readonly audit: Audit;
  readonly manifest: string;
  readonly account: string;
}): Promise<void> {
  const user = `system:serviceaccount:hayward:${of.account}`;
  expect(await deniedOf(of.audit, user)).toEqual([]);
  expect(await usesOf(of.audit, user)).toEqual(await grantsOf(of.manifest, of.account));
}
