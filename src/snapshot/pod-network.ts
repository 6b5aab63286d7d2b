import type { Ask } from '../hosts/ask.ts';
import type { CaptureView } from '../hosts/capture.ts';
import { known, type Reading, unknown } from '../hosts/reading.ts';
import { RANCHER_CONFIG_ASKS, RANCHER_DIRECTORIES, rancherConfigOf } from './rancher-config.ts';
import { subject } from './subject.ts';

type Rancher = keyof typeof RANCHER_DIRECTORIES;

/** Which Pod network the distribution's own configuration asks for; absent where this node is not the one that says. */
export interface PodNetwork {
  /** RKE2's `cni`, Multus left out, which stands in front of another: canal, calico, cilium, flannel, none. */
  readonly rke2: Reading<string>;
  /** k3s's `flannel-backend`: vxlan, host-gw, wireguard-native, none. */
  readonly k3s: Reading<string>;
}

const K3S_UNIT = '/etc/systemd/system/k3s.service';

/** What a server takes when nothing is said (docs.rke2.io and docs.k3s.io, "Basic network options"). */
const DEFAULTS: Readonly<Record<Rancher, string>> = { rke2: 'canal', k3s: 'vxlan' };

/**
 * An agent's configuration does not speak of the network: its servers tell it. What a server alone has is the
 * administrator's kubeconfig, which it writes when it starts.
 */
function isServer(view: CaptureView, distribution: Rancher): boolean {
  const listed = view.list(RANCHER_DIRECTORIES[distribution]);
  return listed.known && listed.value.some(({ name }) => name === `${distribution}.yaml`);
}

function chosen(view: CaptureView, distribution: Rancher, key: string): Reading<string> {
  const config = rancherConfigOf(view, distribution);
  if (!config.known && config.reason !== 'absent') return config;
  const set = config.known ? config.value.get(key) : undefined;
  const name = set?.values.flatMap((value) => value.split(',')).find((word) => word !== '' && word !== 'multus');
  if (set && name !== undefined) return known(name, set.source);
  if (isServer(view, distribution)) {
    return known(DEFAULTS[distribution], `${config.source} (${key} is not set: the default)`);
  }
  return unknown('absent', config.source, `${key} is not set, and this is not known to be a server`);
}

/** k3s takes its command line before its configuration file; the installer quotes each of its words. */
function k3sNetwork(view: CaptureView): Reading<string> {
  const unit = view.text(K3S_UNIT);
  const said = unit.known ? /--flannel-backend['"]?[=\s\\]+['"]?([a-z-]+)/.exec(unit.value)?.[1] : undefined;
  return said === undefined ? chosen(view, 'k3s', 'flannel-backend') : known(said, K3S_UNIT);
}

export const podNetwork = subject<PodNetwork>({
  asks: [
    ...RANCHER_CONFIG_ASKS,
    ...Object.values(RANCHER_DIRECTORIES).map((path): Ask => ({ kind: 'list', path })),
    { kind: 'file', path: K3S_UNIT },
  ],
  parse: (view) => ({ rke2: chosen(view, 'rke2', 'cni'), k3s: k3sNetwork(view) }),
});
