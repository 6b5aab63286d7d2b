import { Agent } from 'node:https';
import { isIP } from 'node:net';
import { performance } from 'node:perf_hooks';
import { connect, type TLSSocket } from 'node:tls';
import { known, type Reading, unknown } from '../../hosts/reading.ts';
import { firstLine } from '../../hosts/sanitise.ts';
import { certificateOf } from '../client/certificate.ts';
import { exchange, NoAnswer } from '../client/exchange.ts';
import type { Certificate } from '../model/machine.ts';
import type { Outcome } from '../model/outcome.ts';

export interface WebLimit {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** What asks machines themselves, beside the API: what they say is of this moment, and in no recording. */
export interface Web {
  /** A GET without credentials whose certificate is not verified. */
  get(url: string): Promise<Reading<Outcome>>;
  shake(ask: Handshake): Promise<Reading<Shaken>>;
}

/** Asks them, within the limit. */
export function liveWeb(limit: WebLimit): Web {
  return {
    get: (url) => askUnverified(url, limit),
    shake: async (ask) => known(await shakeHands(ask, limit), placeOf(ask)),
  };
}

/** Asks nobody, and says why. */
export function noWeb(why: string): Web {
  return {
    get: async (url) => unknown('not-collected', `curl -k ${url}`, why),
    shake: async (ask) => unknown('not-collected', placeOf(ask), why),
  };
}

/** A GET without credentials whose certificate is not verified, as `curl -k`: whether anything answers at all. */
export async function askUnverified(url: string, { timeoutMs, signal }: WebLimit): Promise<Reading<Outcome>> {
  const source = `curl -k ${url}`;
  const agent = new Agent({ rejectUnauthorized: false });
  const limit = AbortSignal.any([AbortSignal.timeout(timeoutMs), signal]);
  try {
    const { status, text } = await exchange({ url: new URL(url), agent, signal: limit });
    return known({ kind: 'answered', status, text: text.slice(0, LONGEST_TEXT) }, source);
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    const detail = limit.aborted ? `no answer in ${timeoutMs / 1000} s` : error.message;
    return known({ kind: error.kind, detail }, source);
  } finally {
    agent.destroy();
  }
}

/** Of pages only the beginning is looked at. */
const LONGEST_TEXT = 4096;

export interface Handshake {
  readonly host: string;
  readonly port: number;
  /** The name it is to have in its certificate, where that is not the host. */
  readonly serverName?: string;
  /** PEM of the authorities to verify against; those of the system where it is not there. */
  readonly authority?: string;
}

export interface Shaken {
  /** Answered when the handshake was, and the certificate holds: then with status 0 and no text. */
  readonly outcome: Outcome;
  /** Wall time to its end. */
  readonly ms: number;
  readonly certificate: Reading<Certificate>;
}

/** A TLS handshake and nothing more. The certificate is read also where it cannot be verified. */
export async function shakeHands(ask: Handshake, { timeoutMs, signal }: WebLimit): Promise<Shaken> {
  const { host, port, serverName, authority } = ask;
  const place = placeOf(ask);
  const name = serverName ?? host;
  const began = performance.now();
  const limit = AbortSignal.any([AbortSignal.timeout(timeoutMs), signal]);
  const options = { host, port, rejectUnauthorized: false, ...(authority === undefined ? {} : { ca: authority }) };
  const socket = connect({ ...options, servername: isIP(name) === 0 ? name : '' });
  const ended = await handshakeOf(socket, limit);
  const ms = Math.round(performance.now() - began);
  const shown = ended === 'secure' ? socket.getPeerX509Certificate() : undefined;
  const trouble = ended === 'secure' ? verificationOf(socket) : undefined;
  socket.destroy();
  if (ended !== 'secure') {
    const detail = limit.aborted ? `no answer in ${timeoutMs / 1000} s` : ended.detail;
    return { outcome: { ...ended, detail }, ms, certificate: unknown('failed', place, detail) };
  }
  if (shown === undefined) {
    return { outcome: { kind: 'tls', detail: 'no certificate' }, ms, certificate: unknown('absent', place, 'none') };
  }
  const coversName = (isIP(name) === 0 ? shown.checkHost(name) : shown.checkIP(name)) !== undefined;
  const certificate = known({ ...certificateOf(shown, place), coversName }, place);
  const outcome: Outcome = trouble ? { kind: 'tls', detail: trouble } : { kind: 'answered', status: 0, text: '' };
  return { outcome, ms, certificate };
}

/** Node says why a chain or a name does not hold, and goes on when it was told to. */
function verificationOf(socket: TLSSocket): string | undefined {
  if (socket.authorized) return undefined;
  const { authorizationError } = socket as { authorizationError?: Error | string };
  return firstLine(String(authorizationError instanceof Error ? authorizationError.message : authorizationError));
}

function placeOf({ host, port }: Handshake): string {
  return `https://${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
}

type Ended = 'secure' | Exclude<Outcome, { kind: 'answered' }>;

function handshakeOf(socket: TLSSocket, limit: AbortSignal): Promise<Ended> {
  let connected = false;
  return new Promise((resolve) => {
    socket.once('connect', () => {
      connected = true;
    });
    socket.once('secureConnect', () => resolve('secure'));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      const kind = error.code === 'ECONNREFUSED' ? 'refused' : connected ? 'tls' : 'unreachable';
      resolve({ kind, detail: firstLine(error.message || (error.code ?? 'failed')) });
    });
    const giveUp = (): void => resolve({ kind: connected ? 'silent' : 'unreachable', detail: '' });
    if (limit.aborted) giveUp();
    else limit.addEventListener('abort', giveUp, { once: true });
  });
}
