/**
 * The dotted name sysctl(8) prints for a path below /proc/sys: separators become dots and dots (of interface names)
 * become slashes.
 */
export function sysctlName(key: string): string {
  return key.replace(/[./]/g, (separator) => (separator === '/' ? '.' : '/'));
}

/**
 * The path below /proc/sys for a name in either form. The first separator decides which form it is, as in sysctl.d(5):
 * with a slash first nothing is changed; with a dot first dots and slashes change places.
 */
export function sysctlKey(name: string): string {
  const first = /[./]/.exec(name)?.[0];
  return first === '.' ? sysctlName(name) : name;
}
