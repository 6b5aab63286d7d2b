import type { Ask } from '../hosts/ask.ts';
import type { CaptureView } from '../hosts/capture.ts';
import { known, mapReading, type Reading, unknown } from '../hosts/reading.ts';
import { fieldsOf, objectIn, switchIn, textIn } from './fields.ts';
import type { Kubernetes } from './kubernetes.ts';
import { LINKS_ASK, links } from './links.ts';
import { argumentsFrom, manifestArguments, type ProgramArguments } from './program-arguments.ts';
import { rancherConfigOf } from './rancher-config.ts';
import { yamlOf } from './yaml-text.ts';

type Mode = 'iptables' | 'ipvs' | 'nftables' | 'none';

const MANIFESTS = ['/var/lib/rancher/rke2/agent/pod-manifests', '/etc/kubernetes/manifests'].map(
  (directory) => `${directory}/kube-proxy.yaml`,
);
/** kube-proxy's ConfigMap as the kubelet mounted it: on a kubeadm or KubeKey node the one place that tells the mode. */
const MOUNTED = '/var/lib/kubelet/pods/*/volumes/kubernetes.io~configmap/kube-proxy/config.conf';
/** The dummy device kube-proxy's ipvs mode makes, seen where no command can be run. */
const IPVS_DEVICE = '/proc/sys/net/ipv4/conf/kube-ipvs0/forwarding';
const K3S_SERVER = '/etc/systemd/system/k3s.service';

export const KUBE_PROXY_ASKS: readonly Ask[] = [
  LINKS_ASK,
  { kind: 'values', glob: IPVS_DEVICE },
  { kind: 'files', glob: MOUNTED },
  ...MANIFESTS.map((path): Ask => ({ kind: 'file', path })),
  { kind: 'file', path: K3S_SERVER },
];

/** What one place tells of kube-proxy. A field left out: that place does not speak of it. */
export interface ProxySettings {
  readonly mode?: Mode;
  readonly strictArp?: boolean;
  readonly podCidrs?: readonly string[];
}

/** Every place that tells of kube-proxy on this node, surest first. */
export function proxySettings(view: CaptureView): readonly Reading<ProxySettings>[] {
  return [
    mounted(view),
    ...MANIFESTS.map((path) => mapReading(view.text(path), (text) => fromManifest(manifestArguments(text)))),
    fromRancher(view, 'rke2'),
    fromRancher(view, 'k3s'),
    mapReading(view.text(K3S_SERVER), fromK3sUnit),
    device(view),
  ];
}

/** The first place that speaks of a field; where none does, why: a place that could not be read, before one that is not there. */
export function settingFrom<K extends keyof ProxySettings>(
  places: readonly Reading<ProxySettings>[],
  field: K,
): Reading<NonNullable<ProxySettings[K]>> {
  for (const place of places) {
    const value = place.known ? place.value[field] : undefined;
    if (value !== undefined) return known(value, place.source);
  }
  const unread = places.find((place) => !place.known && place.reason !== 'absent');
  if (unread && !unread.known) return unread;
  return unknown('absent', MOUNTED, `no file or device on this node tells kube-proxy's ${field}`);
}

/** The proxy mode, as `settingFrom` finds it. */
export function proxyModeOf(places: readonly Reading<ProxySettings>[]): Kubernetes['proxyMode'] {
  return settingFrom(places, 'mode');
}

/** Directories of Pods that are gone may linger: where two configurations disagree, neither is believed. */
function mounted(view: CaptureView): Reading<ProxySettings> {
  const files = view.files(MOUNTED);
  if (!files.known) return files;
  const found = [...files.value.values()].map((text) => mapReading(text, fromConfig));
  const [first, ...others] = found;
  if (!first) return unknown('absent', MOUNTED, 'no kube-proxy configuration is mounted');
  if (!first.known) return first;
  const other = others.find((one) => one.known && JSON.stringify(one.value) !== JSON.stringify(first.value));
  return other ? unknown('failed', MOUNTED, `${first.source} and ${other.source} say different things`) : first;
}

/** KubeProxyConfiguration: an empty mode is iptables on Linux; ipvs.strictARP is false unless set. */
function fromConfig(text: string): ProxySettings {
  const config = fieldsOf(yamlOf(text), 'top level');
  const ipvs = objectIn(config, 'ipvs');
  const cidr = textIn(config, 'clusterCIDR');
  return {
    mode: modeFrom(textIn(config, 'mode') ?? ''),
    strictArp: ipvs !== undefined && switchIn(ipvs, 'strictARP'),
    ...(cidr ? { podCidrs: cidrsFrom(cidr) } : {}),
  };
}

/** A static Pod given `--config` keeps its settings elsewhere; without that, what is not on its command line is the default. */
function fromManifest(options: ProgramArguments): ProxySettings {
  const told = fromOptions(options);
  return options.has('config') ? told : { mode: 'iptables', strictArp: false, ...told };
}

function fromOptions(options: ProgramArguments): ProxySettings {
  const mode = options.get('proxy-mode');
  const strictArp = options.get('ipvs-strict-arp');
  const cidr = options.get('cluster-cidr');
  return {
    ...(mode === undefined ? {} : { mode: modeFrom(mode) }),
    ...(strictArp === undefined ? {} : { strictArp: strictArp === 'true' }),
    ...(cidr === undefined ? {} : { podCidrs: cidrsFrom(cidr) }),
  };
}

function fromRancher(view: CaptureView, distribution: 'rke2' | 'k3s'): Reading<ProxySettings> {
  return mapReading(rancherConfigOf(view, distribution), (config) => {
    const cidrs = config.get('cluster-cidr')?.values.flatMap(cidrsFrom);
    const disabled = config.get('disable-kube-proxy')?.values.includes('true');
    return {
      ...fromOptions(argumentsFrom(config.get('kube-proxy-arg')?.values ?? [])),
      ...(disabled ? { mode: 'none' as const } : {}),
      ...(cidrs ? { podCidrs: cidrs } : {}),
    };
  });
}

/** A k3s server runs kube-proxy in its own process, in iptables mode unless its command line says otherwise. */
function fromK3sUnit(text: string): ProxySettings {
  if (/--disable-kube-proxy\b(?!=false)/.test(text)) return { mode: 'none' };
  return { mode: modeFrom(/\bproxy-mode=([a-z]+)/.exec(text)?.[1] ?? 'iptables') };
}

function device(view: CaptureView): Reading<ProxySettings> {
  const found = mapReading(links.parse(view), (all) => all.some(({ name }) => name === 'kube-ipvs0'));
  if (found.known) return found.value ? known({ mode: 'ipvs' }, found.source) : known({}, found.source);
  return mapReading(view.files(IPVS_DEVICE), ({ size }): ProxySettings => (size > 0 ? { mode: 'ipvs' } : {}));
}

function modeFrom(word: string): Mode {
  if (word === '') return 'iptables';
  if (word === 'iptables' || word === 'ipvs' || word === 'nftables') return word;
  throw new Error(`mode: ${JSON.stringify(word)} is none of kube-proxy's`);
}

/** The networks of kube-proxy's `clusterCIDR`: one, or two with a comma between on a dual-stack cluster. */
export function cidrsFrom(text: string): readonly string[] {
  return text.split(',').filter((cidr) => cidr !== '');
}
