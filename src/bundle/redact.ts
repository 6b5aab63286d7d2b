import type { Capture, Entry } from '../hosts/capture.ts';
import { redactBlocks } from './redact-blocks.ts';
import { redactKeys } from './redact-keys.ts';
import { redactPacked, redactShapes } from './redact-shapes.ts';

/**
 * What the kernel prints, and programs that print what the kernel says: no file of anybody's is in it, and a name there
 * (a Service called `token` in a rule's comment) is no key of a secret.
 */
const KERNEL_MADE =
  /^\/proc\/(?!cmdline$)|^\/sys\/|^(?:ip|ip6?tables(?:-legacy|-nft)?-save|nft|ipset|ipvsadm|id|date|timedatectl|chronyc|systemd-detect-virt|zgrep)(?: |$)|^\/lib\/modules\/|^\/boot\/config-|^\/var\/lib\/cni\/networks/;

/** How deep what is packed into a text is looked into. */
const DEEPEST = 3;

/** A file's or command's text without the secrets in it, every line still in its place. `source`: where it was read. */
export function redactText(text: string, source = ''): string {
  return KERNEL_MADE.test(source) ? redactShapes(text, 'certain') : redactWritten(text, 0);
}

function redactWritten(text: string, depth: number): string {
  const unpacked = depth < DEEPEST ? redactPacked(text, (inner) => redactWritten(inner, depth + 1)) : text;
  return redactKeys(redactShapes(redactBlocks(unpacked), 'all'));
}

/** A capture without secrets, and the sources that held some. */
export interface Redacted {
  readonly capture: Capture;
  readonly sources: readonly string[];
}

/**
 * Takes the secrets out of a capture: tokens, passwords, private keys and what is like them, wherever installers and people
 * write them. What a judgement rests on stays as it is. Whom the node was asked as (`destination`) goes too.
 */
export function redactCapture(capture: Capture): Redacted {
  const sources: string[] = [];
  const entries = Object.create(null) as Record<string, Entry>;
  for (const [source, entry] of Object.entries(capture.entries)) {
    const text = entry.state === 'ok' ? entry.text : entry.detail;
    const without = redactText(text, source);
    if (without !== text) sources.push(source);
    entries[source] = entry.state === 'ok' ? { state: 'ok', text: without } : { state: entry.state, detail: without };
  }
  const { name, via } = capture.target;
  const unreachable = capture.unreachable && {
    unreachable: { ...capture.unreachable, detail: redactText(capture.unreachable.detail) },
  };
  return { capture: { ...capture, ...unreachable, target: { name, via }, entries }, sources };
}
