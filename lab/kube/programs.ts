import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder, madeOnce } from '../cache.ts';
import { command, must } from '../command.ts';
import { goToolchain } from '../go.ts';

/** 1.33 lets the selectors gates of the node authorizer be switched, 1.34 locks them on (KEP-4601). */
export type KubernetesMinor = '1.33' | '1.34';

/** What an API server is made of: the paths of its programs. */
export interface KubePrograms {
  readonly etcd: string;
  readonly kubeApiserver: string;
}

interface Source {
  /** Folder below lab/kube/modules with the go.mod and go.sum that pin everything. */
  readonly module: string;
  readonly program: string;
  readonly package: string;
  readonly version: string;
  readonly ldflags?: readonly string[];
}

const ETCD: Source = {
  module: 'etcd',
  program: 'etcd',
  package: 'go.etcd.io/etcd/server/v3',
  version: 'v3.5.21',
};

const API_SERVERS: Readonly<Record<KubernetesMinor, Source>> = {
  '1.33': kubeApiserver('1.33', 'v1.33.13'),
  '1.34': kubeApiserver('1.34', 'v1.34.2'),
};

/** Kubernetes learns its version from its linker (hack/lib/version.sh); left out, /version says v0.0.0-master. */
function kubeApiserver(minor: KubernetesMinor, version: string): Source {
  const said = { gitVersion: version, gitMajor: '1', gitMinor: minor.slice(2), gitTreeState: 'clean' };
  const ldflags = Object.entries(said).map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`);
  const module = `kubernetes-${minor}`;
  return { module, program: 'kube-apiserver', package: 'k8s.io/kubernetes/cmd/kube-apiserver', version, ldflags };
}

/**
 * The programs of one minor version: those in KUBEBUILDER_ASSETS where that is set and holds this minor, otherwise built from the
 * published Go modules. Throws when they have to be built and cannot be.
 */
export async function kubePrograms(minor: KubernetesMinor): Promise<KubePrograms> {
  return (await fromAssets(minor)) ?? { etcd: await built(ETCD), kubeApiserver: await built(API_SERVERS[minor]) };
}

async function fromAssets(minor: KubernetesMinor): Promise<KubePrograms | undefined> {
  const folder = process.env['KUBEBUILDER_ASSETS'];
  if (!folder) return undefined;
  const programs = { etcd: join(folder, 'etcd'), kubeApiserver: join(folder, 'kube-apiserver') };
  const { stdout } = await command([programs.kubeApiserver, '--version']);
  return stdout.startsWith(`Kubernetes v${minor}.`) ? programs : undefined;
}

const BUILD_LIMIT_MS = 3_600_000;

/** Builds a program once; it is kept under `kube/<version>` of the cache. Go keeps what it compiles in its own cache. */
async function built(source: Source): Promise<string> {
  const folder = await madeOnce(cacheFolder('kube', source.version), async (fresh) => {
    const module = fileURLToPath(new URL(`modules/${source.module}`, import.meta.url));
    const ldflags = ['-s', '-w', ...(source.ldflags ?? [])].join(' ');
    const { go, env } = await goToolchain('1.24');
    const argv = [go, 'build', '-mod=readonly', '-trimpath', '-buildvcs=false', '-ldflags', ldflags];
    await must([...argv, '-o', join(fresh, source.program), source.package], {
      cwd: module,
      env,
      timeoutMs: BUILD_LIMIT_MS,
    });
  });
  return join(folder, source.program);
}
