import type { Ask } from '../hosts/ask.ts';
import type { CaptureView } from '../hosts/capture.ts';
import { known, mapReading, type Reading, unknown } from '../hosts/reading.ts';
import { orElse } from './or-else.ts';

const RKE2 = '/var/lib/rancher/rke2';
const K3S_DATA = '/var/lib/rancher/k3s/data';
const API_SERVER = '/etc/kubernetes/manifests/kube-apiserver.yaml';

export const DISTRIBUTION_VERSION_ASKS: readonly Ask[] = [
  { kind: 'list', path: RKE2 },
  { kind: 'list', path: K3S_DATA },
  { kind: 'file', path: API_SERVER },
];

/**
 * Which release of the distribution runs here, told without running it. RKE2 links `bin` to data/VERSION-DIGEST/bin
 * (rke2 pkg/bootstrap, symlinkBinDir); k3s links data/current to a directory named by a digest, which tells one release
 * from another but not its name (k3s cmd/k3s, extract); of a kubeadm control plane, the API server's image tag. Absent
 * on other nodes: a kubeadm worker has nothing but its programs.
 */
export function distributionVersionOf(view: CaptureView): Reading<string> {
  return orElse(rke2Of(view), k3sOf(view), apiServerOf(view));
}

function rke2Of(view: CaptureView): Reading<string> {
  const target = linkIn(view, RKE2, 'bin');
  if (!target.known) return target;
  const release = /\/data\/(v[^/]+?)(?:-[0-9a-f]{8,})?\/bin$/.exec(target.value)?.[1];
  if (release === undefined) return unknown('failed', target.source, `${target.value} names no release`);
  return known(`RKE2 ${release.replace(/-(?=rke2r)/, '+')}`, target.source);
}

function k3sOf(view: CaptureView): Reading<string> {
  return mapReading(linkIn(view, K3S_DATA, 'current'), (target) => {
    const digest = target.split('/').findLast((part) => part !== '') ?? '';
    return `k3s ${digest.slice(0, 12)}`;
  });
}

function apiServerOf(view: CaptureView): Reading<string> {
  return mapReading(view.text(API_SERVER), (text) => {
    const tag = /^[\s-]*image:\s*["']?\S*\/kube-apiserver:([\w.+-]+)/m.exec(text)?.[1];
    if (tag === undefined) throw new Error('no image of kube-apiserver');
    return `Kubernetes ${tag}`;
  });
}

function linkIn(view: CaptureView, directory: string, name: string): Reading<string> {
  const listed = view.list(directory);
  if (!listed.known) return listed;
  const target = listed.value.find((file) => file.name === name)?.target;
  const path = `${directory}/${name}`;
  return target === undefined ? unknown('absent', path, `${path} is no link`) : known(target, path);
}
