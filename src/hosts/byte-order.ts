/**
 * Byte order of the UTF-8 forms, which is the order of code points: that of strcmp(3), and of a shell's glob in the C
 * locale. JavaScript's own order is that of UTF-16 units, which differs beyond U+FFFF.
 */
export function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** A sorted copy. */
export function inByteOrder(names: readonly string[]): string[] {
  return [...names].sort(compareBytes);
}
