// A container runtime in which nothing happens: it speaks CRI at a socket, and every answer was made beforehand, so that it
// takes next to nothing from either side of a comparison. It ends with its standard input.
//   node bench/still-runtime.mjs PARTS SOCKET SANDBOXES
// PARTS is the module lease-node.mjs built; SANDBOXES a file of JSON: [{ id, name, ip }].
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http2';
import { createRequire } from 'node:module';

const [partsFile, socket, sandboxesFile] = process.argv.slice(2);
const { CRI_SERVICE, encoded } = createRequire(import.meta.url)(partsFile);
const sandboxes = JSON.parse(readFileSync(sandboxesFile, 'utf8'));
const HOUR_NS = 3_600n * 1_000_000_000n;

function ofLength(field, bytes) {
  const size = [];
  for (let rest = bytes.length; ; rest >>= 7) {
    size.push(rest > 127 ? (rest & 127) | 128 : rest);
    if (rest <= 127) break;
  }
  return Buffer.concat([Buffer.from([8 * field + 2, ...size]), bytes]);
}

/** What every sandbox of a kubelet carries and hayward does not read: PodSandbox.labels is field 5, annotations 6. */
function extras({ name }) {
  const entries = (field, values) =>
    Object.entries(values).map(([key, value]) =>
      ofLength(field, Buffer.concat([ofLength(1, Buffer.from(key)), ofLength(2, Buffer.from(value))])),
    );
  const labels = {
    app: 'shop',
    'controller-revision-hash': '6b8f7d9c54',
    'io.kubernetes.pod.name': name,
    'io.kubernetes.pod.namespace': 'default',
    'io.kubernetes.pod.uid': '1f0e8a52-6f0b-4c3c-9a1e-5f5b0d7f6c11',
    'pod-template-hash': '5d9c7b6f8d',
  };
  const annotations = {
    'kubernetes.io/config.seen': '2026-01-01T00:00:00.000000000Z',
    'kubernetes.io/config.source': 'api',
  };
  return Buffer.concat([...entries(5, labels), ...entries(6, annotations)]);
}

function listed({ id, name }) {
  const metadata = { name, uid: `uid-of-${name}`, namespace: 'default', attempt: 0 };
  const createdAt = String(BigInt(Date.now()) * 1_000_000n - HOUR_NS);
  return { id, metadata, state: 'SANDBOX_READY', createdAt };
}

function statusOf(sandbox) {
  const linux = { namespaces: { options: { network: 'POD' } } };
  const status = { ...listed(sandbox), network: { ip: sandbox.ip, additionalIps: [] }, linux };
  return framed(encoded('PodSandboxStatusResponse', { status }));
}

function framed(message) {
  const header = Buffer.alloc(5);
  header.writeUInt32BE(message.length, 1);
  return Buffer.concat([header, message]);
}

const items = sandboxes.map((sandbox) =>
  ofLength(1, Buffer.concat([encoded('PodSandbox', listed(sandbox)), extras(sandbox)])),
);
const list = framed(Buffer.concat(items));
const statuses = new Map(sandboxes.map((sandbox) => [sandbox.id, statusOf(sandbox)]));

/** PodSandboxStatusRequest is one field of text: five bytes of gRPC, two of protobuf, and the id. */
function answerTo(method, request) {
  if (method === 'ListPodSandbox') return list;
  return method === 'PodSandboxStatus' ? statuses.get(request.toString('latin1', 7)) : undefined;
}

const server = createServer();
server.on('stream', (stream, headers) => {
  const method = headers[':path'].slice(CRI_SERVICE.length + 2);
  const parts = [];
  stream.on('error', () => undefined);
  stream.on('data', (part) => parts.push(part));
  stream.on('end', () => {
    const answer = answerTo(method, Buffer.concat(parts));
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': answer ? '0' : '5' }));
    stream.end(answer);
  });
});
server.listen(socket, () => console.log('listening'));
process.stdin.resume().on('end', () => process.exit());
