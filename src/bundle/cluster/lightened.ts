import { isObject } from '../../plain-object.ts';

/** Deeper than any object of the API: what is nested without end would be an attack on who reads it. */
const DEEPEST = 64;

/** Who wrote which field, what was applied last, and of Pods and Nodes what is most of them: no judgement reads it. */
const BALLAST = new Set([
  'managedFields',
  'kubectl.kubernetes.io/last-applied-configuration',
  'volumes',
  'volumeMounts',
  'affinity',
  'tolerations',
  'images',
]);

/**
 * An object as much as judgements read of it: half its size, and of environments, where anybody writes secrets under any name, only the
 * variable that is read.
 */
export function lightened(value: unknown, depth = DEEPEST): unknown {
  if (depth === 0) return null;
  if (Array.isArray(value)) return value.map((one) => lightened(one, depth - 1));
  if (!isObject(value)) return value;
  const kept = Object.entries(value).filter(([key]) => !BALLAST.has(key));
  return Object.fromEntries(
    kept.map(([key, inner]) => [key, lightened(key === 'env' ? publicEnvironment(inner) : inner, depth - 1)]),
  );
}

function publicEnvironment(variables: unknown): unknown {
  return Array.isArray(variables)
    ? variables.filter((one) => isObject(one) && one['name'] === 'CATTLE_SERVER')
    : variables;
}
