import { readFile } from 'node:fs/promises';

const TYPE_A = 1;
const CLASS_IN = 1;
const HEADER = 12;
const RECURSION_DESIRED = 0x0100;

/** Names of RFC 1035's response codes that a server gives for want of an answer. */
const REFUSALS: Readonly<Record<number, string>> = { 1: 'FORMERR', 2: 'SERVFAIL', 4: 'NOTIMP', 5: 'REFUSED' };

/** A question for an address (RFC 1035, 4.1). */
export function dnsQuestion(name: string, id: number): Buffer {
  const header = Buffer.alloc(HEADER);
  header.writeUInt16BE(id, 0);
  header.writeUInt16BE(RECURSION_DESIRED, 2);
  header.writeUInt16BE(1, 4);
  const labels = name
    .split('.')
    .filter(Boolean)
    .map((label) => Buffer.from([label.length, ...Buffer.from(label)]));
  const tail = Buffer.alloc(5);
  tail.writeUInt16BE(TYPE_A, 1);
  tail.writeUInt16BE(CLASS_IN, 3);
  return Buffer.concat([header, ...labels, tail]);
}

/** Undefined where the server answered, also that there is no such name; else why not. No answer to this question: `'other'`. */
export function refusalIn(message: Buffer, id: number): string | undefined {
  const flags = message.length >= HEADER ? message.readUInt16BE(2) : 0;
  if (message.length < HEADER || message.readUInt16BE(0) !== id || (flags & 0x8000) === 0) return 'other';
  return REFUSALS[flags & 0xf];
}

/** A name that every cluster has, in the domain the Pod's resolv.conf searches. */
export async function clusterName(): Promise<string> {
  const text = await readFile('/etc/resolv.conf', 'utf8').catch(() => '');
  const searched = /^search\s+(.*)$/m.exec(text)?.[1]?.split(/\s+/) ?? [];
  return `kubernetes.default.${searched.find((domain) => domain.startsWith('svc.')) ?? 'svc.cluster.local'}`;
}
