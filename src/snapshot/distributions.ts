import type { Ask } from '../hosts/ask.ts';
import type { CaptureView, ListedFile } from '../hosts/capture.ts';
import type { Distribution } from './kubernetes.ts';

interface Trace {
  readonly name: Distribution;
  /** A directory whose existence, or one of whose entries, is the trace. */
  readonly directory: string;
  readonly entry?: RegExp;
}

/**
 * What each distribution leaves on a node, surest first. KubeKey installs by kubeadm, so it comes before it: its
 * scripts (/usr/local/bin/kube-scripts) and its modules-load.d file are what kubeadm alone does not make (kubekey
 * cmd/kk/pkg/bootstrap/os/templates/init_script.go, builtin/core/roles/native/init).
 */
const TRACES: readonly Trace[] = [
  { name: 'rke2', directory: '/var/lib/rancher/rke2', entry: /^(agent|server|bin|data)$/ },
  { name: 'rke2', directory: '/etc/rancher/rke2', entry: /^(config\.yaml(\.d)?|rke2\.yaml)$/ },
  { name: 'k3s', directory: '/var/lib/rancher/k3s', entry: /^(agent|server|data)$/ },
  { name: 'k3s', directory: '/etc/rancher/k3s', entry: /^(config\.yaml(\.d)?|k3s\.yaml)$/ },
  { name: 'kubekey', directory: '/etc/modules-load.d', entry: /^kubekey-.*\.conf$/ },
  { name: 'kubekey', directory: '/usr/local/bin/kube-scripts' },
  { name: 'kubekey', directory: '/etc/kubekey' },
  { name: 'kubeadm', directory: '/etc/kubernetes/manifests', entry: /^kube-.*\.yaml$/ },
  { name: 'kubeadm', directory: '/etc/kubernetes', entry: /^(kubelet|bootstrap-kubelet)\.conf$/ },
];

const DIRECTORIES = [...new Set(TRACES.map(({ directory }) => directory))];

export const DISTRIBUTION_ASKS: readonly Ask[] = DIRECTORIES.map((path): Ask => ({ kind: 'list', path }));

/** The distributions seen, each once with its surest trace, and the places that could not be looked at. */
export function distributionsOf(view: CaptureView): {
  readonly distributions: readonly { readonly name: Distribution; readonly evidence: string }[];
  readonly complete: boolean;
} {
  const found = new Map<Distribution, string>();
  for (const trace of TRACES) {
    const listed = view.list(trace.directory);
    const evidence = listed.known ? evidenceOf(trace, listed.value) : undefined;
    if (evidence !== undefined && !found.has(trace.name)) found.set(trace.name, evidence);
  }
  const complete = DIRECTORIES.every((directory) => {
    const listed = view.list(directory);
    return listed.known || listed.reason === 'absent';
  });
  return { distributions: [...found].map(([name, evidence]) => ({ name, evidence })), complete };
}

function evidenceOf({ directory, entry }: Trace, files: readonly ListedFile[]): string | undefined {
  if (!entry) return directory;
  const file = files.find(({ name }) => entry.test(name));
  return file && `${directory}/${file.name}`;
}

/** The directories that were looked in, for a report that nothing was found. */
export const DISTRIBUTION_DIRECTORIES: readonly string[] = DIRECTORIES;
