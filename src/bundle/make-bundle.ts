import { createHash } from 'node:crypto';
import type { Capture, Entry } from '../hosts/capture.ts';
import { type Manifest, type ManifestNode, readingsOf } from './manifest.ts';
import { redactCapture } from './redact.ts';
import type { Written } from './tar-write.ts';

export const MANIFEST = 'manifest.json';

export interface BundleOptions {
  readonly version: string;
  /** RFC 3339. */
  readonly takenAt: string;
  /** Bytes of all captures together, before they are packed. */
  readonly maxBytes: number;
}

/** A bundle's members, the manifest first, and the manifest itself. */
export interface MadeBundle {
  readonly manifest: Manifest;
  readonly members: readonly Written[];
}

/** Makes a bundle of captures: without secrets, each node within its share of the size. */
export function makeBundle(captures: readonly Capture[], { version, takenAt, maxBytes }: BundleOptions): MadeBundle {
  const share = Math.floor(maxBytes / Math.max(1, captures.length));
  const made = captures.map((capture, index) => nodeMember(capture, index, share));
  const manifest: Manifest = {
    schema: 1,
    kind: 'hayward-capture',
    tool: { name: 'hayward', version },
    takenAt,
    nodes: made.map(({ node }) => node),
  };
  const first = { name: MANIFEST, body: jsonBody(manifest) };
  return { manifest, members: [first, ...made.map(({ member }) => member)] };
}

function nodeMember(whole: Capture, index: number, share: number): { node: ManifestNode; member: Written } {
  const { capture: redacted, sources } = redactCapture(whole);
  const { capture, leftOut } = fitted(redacted, share);
  const body = jsonBody(capture);
  const { name, via } = capture.target;
  // A name is the node's own word; here it is part of a path that people may unpack.
  const plain =
    name
      .replace(/[^A-Za-z0-9.-]+/g, '-')
      .replace(/^[.-]+/, '')
      .slice(0, 48) || 'node';
  const file = `nodes/${String(index + 1).padStart(4, '0')}-${plain}/capture.json`;
  const node: ManifestNode = {
    name,
    via,
    file,
    bytes: body.length,
    sha256: createHash('sha256').update(body).digest('hex'),
    takenAt: capture.takenAt,
    ...(capture.unreachable && { unreachable: capture.unreachable.detail }),
    readings: readingsOf(capture, { redacted: new Set(sources), leftOut: new Set(leftOut) }),
  };
  return { node, member: { name: file, body } };
}

function jsonBody(value: object): Buffer {
  return Buffer.from(`${JSON.stringify(value, undefined, 1)}\n`);
}

/** Leaves out the largest texts until the rest fits. */
function fitted(capture: Capture, share: number): { capture: Capture; leftOut: readonly string[] } {
  let size = jsonBody(capture).length;
  if (size <= share) return { capture, leftOut: [] };
  const sizes = Object.entries(capture.entries)
    .map(([source, entry]) => ({ source, bytes: entry.state === 'ok' ? JSON.stringify(entry.text).length : 0 }))
    .sort((a, b) => b.bytes - a.bytes);
  const leftOut: string[] = [];
  const entries: Record<string, Entry> = Object.assign(Object.create(null), capture.entries);
  for (const { source, bytes } of sizes) {
    if (size <= share || bytes < SMALL) break;
    const detail = `${source} was left out of the bundle: ${bytes} bytes, above its size limit (--max-size)`;
    entries[source] = { state: 'not-collected', detail };
    leftOut.push(source);
    size -= bytes - detail.length;
  }
  return { capture: { ...capture, entries }, leftOut };
}

/** Leaving out what is smaller than the words that say so frees nothing. */
const SMALL = 1024;
