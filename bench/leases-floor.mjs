// The floor under `hayward leases`: reads the same lease files the same way, asks the runtime for its list once, and does
// nothing with either.
//   node bench/leases-floor.mjs DATA_DIR CRI_SOCKET LEASES SANDBOXES     (how many there must be at least)
import { closeSync, constants, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { connect } from 'node:http2';

const [dataDir, socket, leases, sandboxes] = process.argv.slice(2);
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW;
const BYTES_A_LEASE = 70;
const BYTES_A_SANDBOX = 64;
const buffer = Buffer.allocUnsafe(1024);
const seen = { leases: 0, leaseBytes: 0, listBytes: 0 };

function readLease(path) {
  const file = openSync(path, FLAGS);
  if (fstatSync(file).isFile()) {
    seen.leases += 1;
    seen.leaseBytes += readSync(file, buffer, 0, buffer.length, 0);
  }
  closeSync(file);
}

for (const network of readdirSync(dataDir, { withFileTypes: true })) {
  for (const entry of readdirSync(`${dataDir}/${network.name}`, { withFileTypes: true })) {
    if (/^[0-9a-f.:]+$/.test(entry.name)) readLease(`${dataDir}/${network.name}/${entry.name}`);
  }
}

// One call of gRPC by hand: HTTP/2 without TLS, an empty message behind five bytes of header.
const session = connect('http://localhost', { path: socket });
const call = session.request({
  ':method': 'POST',
  ':path': '/runtime.v1.RuntimeService/ListPodSandbox',
  'content-type': 'application/grpc',
  te: 'trailers',
});
call.on('data', (chunk) => {
  seen.listBytes += chunk.length;
});
call.on('trailers', (trailers) => {
  if (trailers['grpc-status'] !== '0') throw new Error(`ListPodSandbox: ${trailers['grpc-message']}`);
});
call.on('close', () => session.close());
call.end(Buffer.alloc(5));

// A floor that did not read what there is would be none.
process.on('exit', () => {
  const whole = seen.leaseBytes >= leases * BYTES_A_LEASE && seen.listBytes >= sandboxes * BYTES_A_SANDBOX;
  if (!whole) process.exitCode = 1;
  console.log(JSON.stringify(seen));
});
