import { UsageError } from './usage.ts';

/** Where a server listens; an empty host is every address of the machine. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/**
 * `127.0.0.1:9470`, `[::1]:9470`, `localhost:9470`, or `:9470` for every address. Throws UsageError with `expected`, in
 * which an example stands.
 */
export function listenAddress(value: string, expected: string): ListenAddress {
  const [, bracketed, plain = '', digits] = /^(?:\[([0-9A-Fa-f:.]+)\]|([\w.-]*)):([0-9]{1,5})$/.exec(value) ?? [];
  const port = Number(digits);
  if (digits === undefined || port > 65_535) throw new UsageError(`--listen ${value}: expected ${expected}`);
  return { host: bracketed ?? plain, port };
}

/** The same, or `off`. */
export function addressOrOff(value: string): ListenAddress | 'off' {
  return value === 'off' ? 'off' : listenAddress(value, 'ADDRESS:PORT, such as 127.0.0.1:9470, or off');
}

/** The same as one types it. */
export function listenAddressText({ host, port }: ListenAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
