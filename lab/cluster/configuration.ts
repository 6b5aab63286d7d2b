import { readFile } from 'node:fs/promises';
import { parse, stringify } from 'yaml';
import type { IssuedCertificate } from '../kube/certificates.ts';
import { BRIDGE, NETWORK } from '../runtime/configuration.ts';
import { DNS_ADDRESS, type Place, POD_NETWORK } from './addresses.ts';

/**
 * The network of a node's Pods, on a bridge that is there already. As gateway, which flannel has it be, the plugin sets ip_forward at
 * each Pod (containernetworking/plugins, plugins/main/bridge): a node that does not forward heals then when one starts.
 */
export function cniConfig({ pods }: Place, isGateway: boolean): string {
  const ipam = { type: 'host-local', ranges: [[{ subnet: pods }]], routes: [{ dst: '0.0.0.0/0' }] };
  const bridge = { type: 'bridge', bridge: BRIDGE, isGateway, hairpinMode: true, ipam };
  return JSON.stringify({ cniVersion: '0.3.1', name: NETWORK, plugins: [bridge] }, null, 2);
}

/** A kubeconfig for the same user, for where the API server is found at another address than its certificate names. */
export async function kubeconfigFor(kubeconfig: string, url: string): Promise<string> {
  const config = parse(await readFile(kubeconfig, 'utf8')) as { clusters: { cluster: Record<string, unknown> }[] };
  for (const { cluster } of config.clusters) Object.assign(cluster, { server: url, 'tls-server-name': 'kubernetes' });
  return stringify(config);
}

export interface KubeletOptions {
  readonly place: Place;
  /** Path of the certificate clients are signed by. */
  readonly authority: string;
  readonly serving: IssuedCertificate;
  /** The runtime's socket, as the machine sees it. */
  readonly socket: string;
  /** The control group its Pods' are made below. */
  readonly cgroup: string;
}

/**
 * The kubelet's configuration. No threshold of disk or memory evicts Pods from this machine, no swap keeps it from starting, and
 * it writes nowhere but below folders that are the node's own.
 */
export function kubeletConfig({ place, authority, serving, socket, cgroup }: KubeletOptions): string {
  return stringify({
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    address: place.address,
    authentication: { anonymous: { enabled: false }, webhook: { enabled: true }, x509: { clientCAFile: authority } },
    authorization: { mode: 'Webhook' },
    tlsCertFile: serving.certificate,
    tlsPrivateKeyFile: serving.key,
    containerRuntimeEndpoint: `unix://${socket}`,
    cgroupDriver: 'cgroupfs',
    cgroupRoot: cgroup,
    enforceNodeAllocatable: ['none'],
    failSwapOn: false,
    localStorageCapacityIsolation: false,
    evictionHard: { 'memory.available': '0%', 'nodefs.available': '0%', 'imagefs.available': '0%' },
    imageGCHighThresholdPercent: 100,
    oomScoreAdj: 0,
    clusterDomain: 'cluster.local',
    clusterDNS: [DNS_ADDRESS],
    // Of this machine's own nothing is handed to Pods.
    resolvConf: '/dev/null',
    volumePluginDir: '/var/lib/kubelet/volume-plugins',
  });
}

/** kube-proxy's, with conntrack's limits left alone: they are the kernel's for all namespaces. */
export function kubeProxyConfig({ name }: Place, kubeconfig: string): string {
  return stringify({
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    clientConnection: { kubeconfig },
    hostnameOverride: name,
    mode: 'iptables',
    clusterCIDR: POD_NETWORK,
    oomScoreAdj: 0,
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
  });
}
