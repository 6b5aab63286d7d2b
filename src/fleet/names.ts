/** So many nodes are named; how many there are is always told. */
export const MOST_NAMED = 20;
const IN_A_SENTENCE = 3;

/** `node-1, node-2, node-3 and 4 more`. */
export function namesIn(names: readonly string[], count: number = names.length): string {
  const told = names.slice(0, IN_A_SENTENCE).join(', ');
  const more = count - Math.min(names.length, IN_A_SENTENCE);
  return more > 0 ? `${told} and ${more} more` : told;
}

/** `ip-forward` as Kubernetes writes a reason: `IpForward`. */
export function reasonFrom(id: string): string {
  const words = id.split(/[^A-Za-z0-9]+/).filter(Boolean);
  const text = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
  return /^[A-Z][A-Za-z0-9]{0,127}$/.test(text) ? text : 'Problem';
}

/** In the order of code points, which does not depend on a locale. */
export function compareText(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
