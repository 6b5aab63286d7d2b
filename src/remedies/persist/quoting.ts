/**
 * Names from a node (interfaces, bridges) in the syntaxes of the files we write. An interface's name may hold any byte but
 * blanks, `/`, `:` and NUL.
 */

/**
 * One argument of a unit's Exec line in double quotes: systemd unescapes C escapes, expands `%` specifiers and `$`
 * variables (systemd.service(5), systemd.unit(5)).
 */
export function unitArgument(text: string): string {
  const escaped = text
    .replace(/[\\"]/g, (char) => `\\${char}`)
    .replaceAll('%', '%%')
    .replaceAll('$', '$$$$')
    .replace(/[\u0000-\u001f\u007f]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
  return `"${escaped}"`;
}

/**
 * A key as sysctl.d(5) wants it. It begins with a component that is followed by `/`, so every later dot is part of a
 * name. What its syntax would take for itself (`=`, glob characters) becomes `?`, which matches that one character.
 */
export function sysctlKey(key: string): string {
  return key.replace(/[^A-Za-z0-9_./:@,+~^#%&!()<>|;'"$-]/gu, (char) => (char.charCodeAt(0) < 0x80 ? '?' : '*'));
}
