import type { Ask } from '../hosts/ask.ts';
import type { CaptureView } from '../hosts/capture.ts';
import { known, mapReading, type Reading, unknown } from '../hosts/reading.ts';
import { DISTRIBUTION_VERSION_ASKS, distributionVersionOf } from './distribution-version.ts';
import { DISTRIBUTION_ASKS, distributionsOf } from './distributions.ts';
import { cidrsFrom, KUBE_PROXY_ASKS, proxyModeOf, proxySettings, settingFrom } from './kube-proxy.ts';
import { manifestArguments } from './program-arguments.ts';
import { RANCHER_CONFIG_ASKS, rancherConfigOf } from './rancher-config.ts';
import { subject } from './subject.ts';

export type Distribution = 'rke2' | 'k3s' | 'kubeadm' | 'kubekey';

/** What the node's files and devices say of Kubernetes on it; every answer names its evidence. */
export interface Kubernetes {
  /** Distributions with a trace on this node, surest first. Empty: no Kubernetes found. */
  readonly distributions: readonly { readonly name: Distribution; readonly evidence: string }[];
  /** Could everything that would tell be read? */
  readonly complete: boolean;
  /** The release that runs here, e.g. `RKE2 v1.31.5+rke2r1`; for telling an upgrade. */
  readonly version: Reading<string>;
  readonly proxyMode: Reading<'iptables' | 'ipvs' | 'nftables' | 'none'>;
  /** Cluster (Pod) and Service CIDRs where the node's own files tell. */
  readonly podCidrs: Reading<readonly string[]>;
  readonly serviceCidrs: Reading<readonly string[]>;
  /** kube-proxy's ipvs strictARP, where known. */
  readonly strictArp: Reading<boolean>;
}

const MANIFEST_DIRECTORIES = ['/var/lib/rancher/rke2/agent/pod-manifests', '/etc/kubernetes/manifests'] as const;
/** Static Pods of a control plane whose command lines tell the CIDRs. */
const API_SERVERS = MANIFEST_DIRECTORIES.map((directory) => `${directory}/kube-apiserver.yaml`);
const CONTROLLER_MANAGERS = MANIFEST_DIRECTORIES.map((directory) => `${directory}/kube-controller-manager.yaml`);

/** The first place that names the CIDRs; a place that is there and does not is passed over. */
function cidrsOf(places: readonly Reading<readonly string[]>[], what: string): Reading<readonly string[]> {
  const telling = places.find((place) => place.known && place.value.length > 0);
  const unread = places.find((place) => !place.known && place.reason !== 'absent');
  return (
    telling ?? unread ?? unknown('absent', MANIFEST_DIRECTORIES[0], `no file on this node tells the ${what} CIDRs`)
  );
}

function fromManifests(view: CaptureView, paths: readonly string[], option: string): Reading<readonly string[]>[] {
  return paths.map((path) =>
    mapReading(view.text(path), (text) => cidrsFrom(manifestArguments(text).get(option) ?? '')),
  );
}

function fromRancher(view: CaptureView, key: string): Reading<readonly string[]>[] {
  return (['rke2', 'k3s'] as const).map((distribution) => {
    const config = rancherConfigOf(view, distribution);
    if (!config.known) return config;
    const found = config.value.get(key);
    return known(found?.values.flatMap(cidrsFrom) ?? [], found?.source ?? config.source);
  });
}

export const kubernetes = subject<Kubernetes>({
  asks: [
    ...DISTRIBUTION_ASKS,
    ...DISTRIBUTION_VERSION_ASKS,
    ...KUBE_PROXY_ASKS,
    ...RANCHER_CONFIG_ASKS,
    ...[...API_SERVERS, ...CONTROLLER_MANAGERS].map((path): Ask => ({ kind: 'file', path })),
  ],
  parse: (view) => {
    const proxy = proxySettings(view);
    return {
      ...distributionsOf(view),
      version: distributionVersionOf(view),
      proxyMode: proxyModeOf(proxy),
      strictArp: settingFrom(proxy, 'strictArp'),
      podCidrs: cidrsOf(
        [
          ...fromRancher(view, 'cluster-cidr'),
          ...fromManifests(view, CONTROLLER_MANAGERS, 'cluster-cidr'),
          settingFrom(proxy, 'podCidrs'),
        ],
        'Pod',
      ),
      serviceCidrs: cidrsOf(
        [...fromRancher(view, 'service-cidr'), ...fromManifests(view, API_SERVERS, 'service-cluster-ip-range')],
        'Service',
      ),
    };
  },
});
