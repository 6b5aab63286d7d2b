/** One requirement of a label selector, as `selectorOf` and the API write it: `a=b`, `a in (b,c)`, `a notin (b)`, `a`, `!a`. */
const SET = /^(\S+) (in|notin) \((.*)\)$/;

/** Whether labels fulfil a selector (apimachinery pkg/labels/selector.go); an empty one selects all. */
export function selects(selector: string, labels: Readonly<Record<string, string>>): boolean {
  return requirementsOf(selector).every((one) => fulfils(one, labels));
}

/** Commas within brackets separate values. */
function requirementsOf(selector: string): string[] {
  return selector
    .split(/,(?![^(]*\))/)
    .map((one) => one.trim())
    .filter((one) => one !== '');
}

function fulfils(requirement: string, labels: Readonly<Record<string, string>>): boolean {
  const [, key = '', operator, list = ''] = SET.exec(requirement) ?? [];
  const labelled = (name: string): string | undefined => (Object.hasOwn(labels, name) ? labels[name] : undefined);
  if (operator !== undefined) {
    const value = labelled(key);
    const isIn = value !== undefined && list.split(',').includes(value);
    return operator === 'in' ? isIn : !isIn;
  }
  if (requirement.startsWith('!')) return labelled(requirement.slice(1)) === undefined;
  const at = requirement.indexOf('=');
  return at === -1
    ? labelled(requirement) !== undefined
    : labelled(requirement.slice(0, at)) === requirement.slice(at + 1);
}
