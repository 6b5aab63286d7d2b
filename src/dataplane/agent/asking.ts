import { randomBytes, randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { connect, isIPv6 } from 'node:net';
import type { Outcome } from '../matrix.ts';
import { dnsQuestion, refusalIn } from './dns-question.ts';
import { MARK } from './echo.ts';
import type { Question } from './protocol.ts';

/** What of a question depends on the Pod that asks. */
export interface Ground {
  readonly mtu: number;
  /** What DNS is asked for. */
  readonly name: string;
  readonly timeoutMs: number;
}

const SMALL = 32;
/** Several full segments in a row: one may pass for being the last and short. */
const SEGMENTS = 4;
/** IPv4's and IPv6's headers, and UDP's. */
const HEADERS = { 4: 20 + 8, 6: 40 + 8 } as const;
/** A single datagram may be lost by chance: how often it is sent in the time there is. */
const TRIES = 3;

/** Asks one question; never rejects. `ms` is measured here, connecting included. */
export async function ask(question: Question, ground: Ground): Promise<Outcome> {
  const began = performance.now();
  try {
    await MEANS[question.means](question, ground);
    return { kind: 'answered', ms: Math.round((performance.now() - began) * 100) / 100 };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (LOCAL.has(code ?? '')) return { kind: 'unknown', reason: 'failed', detail: message };
    return { kind: 'lost', error: message };
  }
}

/** Nothing was sent, for want of what the asker itself has to have (connect(2), socket(2)): of the way it tells nothing. */
const LOCAL: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EACCES', 'EADDRNOTAVAIL']);

const MEANS: Readonly<Record<Question['means'], (question: Question, ground: Ground) => Promise<void>>> = {
  async tcp(question, { mtu, timeoutMs }) {
    const payload = payloadOf(question.size === 'full' ? SEGMENTS * mtu : SMALL);
    const answer = await overTcp(question, payload, { timeoutMs, enough: (got) => got.length >= payload.length });
    if (!answer.equals(payload)) throw new Error('another answer than what was sent');
  },
  async udp(question, { mtu, timeoutMs }) {
    const headers = HEADERS[isIPv6(question.address) ? 6 : 4];
    const payload = payloadOf(question.size === 'full' ? mtu - headers : SMALL);
    await overUdp(question, payload, { timeoutMs, isAnswer: (got) => got.equals(payload) });
  },
  async 'dns-udp'(question, { name, timeoutMs }) {
    const id = randomInt(0x10000);
    const isAnswer = (got: Buffer): boolean => refusalIn(got, id) !== 'other';
    const answer = await overUdp(question, dnsQuestion(name, id), { timeoutMs, isAnswer });
    refuse(refusalIn(answer, id));
  },
  async 'dns-tcp'(question, { name, timeoutMs }) {
    const id = randomInt(0x10000);
    const asked = dnsQuestion(name, id);
    const length = Buffer.alloc(2);
    length.writeUInt16BE(asked.length);
    const enough = (got: Buffer): boolean => got.length >= 2 && got.length >= 2 + got.readUInt16BE(0);
    const answer = await overTcp(question, Buffer.concat([length, asked]), { timeoutMs, enough });
    refuse(refusalIn(answer.subarray(2), id));
  },
};

function refuse(refusal: string | undefined): void {
  if (refusal !== undefined) throw new Error(`answered ${refusal}`);
}

function payloadOf(length: number): Buffer {
  return Buffer.concat([MARK, randomBytes(Math.max(0, length - MARK.length))]);
}

function silence(timeoutMs: number): Error {
  return new Error(`no answer in ${timeoutMs / 1000} s`);
}

interface OverTcp {
  readonly timeoutMs: number;
  readonly enough: (got: Buffer) => boolean;
}

function overTcp({ address, port }: Question, payload: Buffer, { timeoutMs, enough }: OverTcp): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let got = Buffer.alloc(0);
    let connected = false;
    const socket = connect({ host: address, port });
    const timer = setTimeout(() => {
      const some = got.length > 0 ? `, ${got.length} of ${payload.length} octets came back` : '';
      settle(
        new Error(
          connected ? `connected; no answer in ${timeoutMs / 1000} s${some}` : `no connection in ${timeoutMs / 1000} s`,
        ),
      );
    }, timeoutMs);
    function settle(error?: Error): void {
      clearTimeout(timer);
      // Left to close by itself a connection stays in TIME_WAIT; of one that is not there yet a reset waits until it is.
      if (connected) socket.resetAndDestroy();
      else socket.destroy();
      if (error) reject(error);
      else resolve(got);
    }
    socket.setNoDelay(true);
    socket.on('connect', () => {
      connected = true;
      socket.write(payload);
    });
    socket.on('data', (chunk) => {
      got = Buffer.concat([got, chunk]);
      if (enough(got)) settle();
    });
    socket.on('error', settle);
    socket.on('end', () => settle(new Error('closed without an answer')));
  });
}

interface OverUdp {
  readonly timeoutMs: number;
  readonly isAnswer: (got: Buffer) => boolean;
}

/**
 * Linux sets DF on a datagram that fits the path MTU it knows (ip(7), IP_PMTUDISC_WANT): a full one that is too big is lost, unless
 * the network tells; then the next try is cut up and passes, as it would for any application.
 */
function overUdp({ address, port }: Question, payload: Buffer, { timeoutMs, isAnswer }: OverUdp): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
    let last = silence(timeoutMs);
    const again = setInterval(send, timeoutMs / TRIES);
    const timer = setTimeout(() => settle(last), timeoutMs);
    function settle(error?: Error, answer?: Buffer): void {
      clearInterval(again);
      clearTimeout(timer);
      socket.close();
      if (answer) resolve(answer);
      else reject(error);
    }
    let state: 'apart' | 'connecting' | 'connected' = 'apart';
    /** Connected, so that ICMP's "unreachable" is told; refused once it may still be about to listen, and a way about to be there. */
    function send(): void {
      if (state === 'apart') connectFirst();
      if (state !== 'connected') return;
      socket.send(payload, (error) => {
        if (error) last = error;
      });
    }
    function connectFirst(): void {
      state = 'connecting';
      socket.connect(port, address, (error?: Error) => {
        state = error ? 'apart' : 'connected';
        if (error) last = error;
        else send();
      });
    }
    socket.on('error', (error) => {
      last = error;
    });
    socket.on('message', (message) => {
      if (isAnswer(message)) settle(undefined, message);
    });
    send();
  });
}
