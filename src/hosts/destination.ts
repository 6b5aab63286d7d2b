import { HostError } from './host.ts';
import { harmless } from './sanitise.ts';

export interface Destination {
  readonly user?: string;
  /** A host name, an alias of the user's ssh configuration, or an address; IPv6 without brackets. */
  readonly name: string;
  readonly port?: number;
  /** How the target is called: without the user, with the port when one was given. */
  readonly label: string;
}

/**
 * What ssh(1) itself refuses in names (valid_hostname and valid_ruser in ssh.c): the user's configuration may hand them
 * to a shell, as ProxyCommand does with %h and %r.
 */
const FOREIGN = /[\s\u0000-\u001f\u007f-\u009f'"`$\\;&<>|(){},/]/;

/** Reads `[user@]name[:port]` or `[user@][v6]:port`. Throws a HostError of code `usage`, one line, for anything else. */
export function parseDestination(text: string): Destination {
  const at = text.lastIndexOf('@');
  const user = at === -1 ? undefined : text.slice(0, at);
  const { name, port } = nameAndPort(text.slice(at + 1), text);
  for (const part of [user, name]) {
    if (part === undefined) continue;
    if (part === '') throw bad(text, 'a name is missing');
    if (part.startsWith('-')) throw bad(text, 'a name that begins with "-" would be read as an option');
    if (FOREIGN.test(part)) throw bad(text, 'a name holds a character that no user or host name may hold');
  }
  const shown = name.includes(':') && port !== undefined ? `[${name}]` : name;
  const label = port === undefined ? name : `${shown}:${port}`;
  return { name, label, ...(user !== undefined && { user }), ...(port !== undefined && { port }) };
}

function nameAndPort(text: string, whole: string): { name: string; port?: number } {
  const bracketed = /^\[([^[\]]*)\](?::(.*))?$/.exec(text);
  if (bracketed) return withPort(bracketed[1] ?? '', bracketed[2], whole);
  if (/[[\]]/.test(text)) throw bad(whole, 'brackets belong around an IPv6 address');
  const [name = '', port, ...more] = text.split(':');
  // Two colons or more: a bare IPv6 address, which leaves no place for a port.
  return more.length > 0 ? { name: text } : withPort(name, port, whole);
}

function withPort(name: string, port: string | undefined, whole: string): { name: string; port?: number } {
  if (port === undefined) return { name };
  const number = /^[0-9]{1,5}$/.test(port) ? Number(port) : 0;
  if (number < 1 || number > 65_535) throw bad(whole, 'a port is a number from 1 to 65535');
  return { name, port: number };
}

function bad(text: string, why: string): HostError {
  return new HostError(`--host ${harmless(text).slice(0, 200)}: ${why}; expected [user@]name[:port]`, 'usage');
}
