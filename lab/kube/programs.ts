import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder, madeOnce } from '../cache.ts';
import { command, must } from '../command.ts';
import { goProgram, goToolchain } from '../go.ts';

/** 1.33 lets the selectors gates of the node authorizer be switched, 1.34 locks them on (KEP-4601). */
export type KubernetesMinor = '1.33' | '1.34';

/** What an API server is made of: the paths of its programs. */
export interface KubePrograms {
  readonly etcd: string;
  readonly kubeApiserver: string;
}

/** What a cluster of nodes needs besides: the paths of its programs. */
export interface NodePrograms {
  readonly kubeControllerManager: string;
  readonly kubeScheduler: string;
  readonly kubelet: string;
  readonly kubeProxy: string;
  readonly coredns: string;
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

function kubeApiserver(minor: KubernetesMinor, version: string): Source {
  return {
    module: `kubernetes-${minor}`,
    program: 'kube-apiserver',
    package: 'k8s.io/kubernetes/cmd/kube-apiserver',
    version,
    ldflags: versionFlags(minor, version),
  };
}

/** Kubernetes learns its version from its linker (hack/lib/version.sh); left out, /version says v0.0.0-master. */
function versionFlags(minor: KubernetesMinor, version: string): readonly string[] {
  const said = { gitVersion: version, gitMajor: '1', gitMinor: minor.slice(2), gitTreeState: 'clean' };
  return Object.entries(said).map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`);
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

/**
 * The rest of 1.33, and a CoreDNS with the plugins a cluster's own needs. Built from the published Go modules whatever
 * KUBEBUILDER_ASSETS holds: envtest brings none of them. Throws when they cannot be built.
 */
export async function nodePrograms(): Promise<NodePrograms> {
  const { version } = API_SERVERS['1.33'];
  const names = ['kube-controller-manager', 'kube-scheduler', 'kubelet', 'kube-proxy'] as const;
  const folder = await madeOnce(cacheFolder('kube', `${version}-nodes`), (fresh) =>
    build(fresh, {
      module: 'kubernetes-1.33',
      packages: names.map((name) => `k8s.io/kubernetes/cmd/${name}`),
      ldflags: versionFlags('1.33', version),
    }),
  );
  return {
    kubeControllerManager: join(folder, 'kube-controller-manager'),
    kubeScheduler: join(folder, 'kube-scheduler'),
    kubelet: join(folder, 'kubelet'),
    kubeProxy: join(folder, 'kube-proxy'),
    coredns: await goProgram({ module: modulePath('coredns'), package: '.', name: 'coredns', ldflags: '-s -w' }),
  };
}

/** Builds a program once; it is kept under `kube/<version>` of the cache. */
async function built(source: Source): Promise<string> {
  const { module, ldflags = [] } = source;
  const folder = await madeOnce(cacheFolder('kube', source.version), (fresh) =>
    build(join(fresh, source.program), { module, packages: [source.package], ldflags }),
  );
  return join(folder, source.program);
}

function modulePath(module: string): string {
  return fileURLToPath(new URL(`modules/${module}`, import.meta.url));
}

interface Build {
  readonly module: string;
  readonly packages: readonly string[];
  readonly ldflags: readonly string[];
}

/** Go keeps what it compiles in its own cache. `output` is a file for one program, a folder for many. */
async function build(output: string, { module, packages, ldflags }: Build): Promise<void> {
  const { go, env } = await goToolchain('1.24');
  const argv = [
    go,
    'build',
    '-mod=readonly',
    '-trimpath',
    '-buildvcs=false',
    '-ldflags',
    ['-s', '-w', ...ldflags].join(' '),
  ];
  await must([...argv, '-o', output, ...packages], { cwd: modulePath(module), env, timeoutMs: BUILD_LIMIT_MS });
}
