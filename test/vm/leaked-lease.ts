import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { cniConfig, NETWORK } from '../../lab/runtime/configuration.ts';

const RUNTIME = `
import { mkdirSync, symlinkSync } from 'node:fs';
import { startCriServer } from '../cri-server.ts';
startCriServer().then(({ socket }) => {
  mkdirSync('/run/k3s/containerd', { recursive: true });
  symlinkSync(socket, '/run/k3s/containerd/containerd.sock');
});
`;

/** The scripted runtime as one file, gRPC and all: the product in the machine speaks it by itself. */
function runtime(): string {
  const { outputFiles } = buildSync({
    stdin: { contents: RUNTIME, resolveDir: fileURLToPath(new URL('.', import.meta.url)), loader: 'ts' },
    bundle: true,
    write: false,
    minify: true,
    format: 'cjs',
    platform: 'node',
    target: 'node20.19',
    logLevel: 'silent',
  });
  return outputFiles[0]?.text ?? '';
}

/** Where host-local keeps the leases of `leakLease`. */
export const LEASES = `/var/lib/cni/networks/${NETWORK}`;

/**
 * Shell text: a container runtime that speaks CRI and knows no sandbox, and a lease that host-local handed out long
 * before this boot for one that is forgotten, as a power cut leaves it.
 */
export function leakLease(address: string): string {
  return `
base64 -d > /run/runtime.cjs <<'END'
${Buffer.from(runtime()).toString('base64')}
END
TMPDIR=/run node /run/runtime.cjs >/dev/null 2>&1 &
until [ -e /run/k3s/containerd/containerd.sock ]; do sleep 0.1; done
mkdir -p /etc/cni/net.d ${LEASES}
cat > /etc/cni/net.d/10-canal.conflist <<'END'
${cniConfig('10.52.0.0/24')}
END
printf '${'ab'.repeat(32)}\\r\\neth0' > ${LEASES}/${address}
touch -d '2 days ago' ${LEASES}/${address}
`;
}
