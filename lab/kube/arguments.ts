import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CertificateAuthority } from './certificates.ts';

export interface Place {
  readonly folder: string;
  readonly port: number;
  readonly authority: CertificateAuthority;
  /** URL of its etcd. */
  readonly etcd: string;
  /** A controller manager makes what the admission of Pods asks for. */
  readonly controllers: boolean;
}

/**
 * The arguments every API server of the lab has, as RKE2 gives them where it matters: Node and RBAC authorization, NodeRestriction,
 * no anonymous requests (rancher/rke2 pkg/cli/defaults, k3s pkg/daemons/control). Writes its certificate and keys.
 */
export async function ownArguments({ folder, port, authority, etcd, controllers }: Place): Promise<readonly string[]> {
  const names = ['127.0.0.1', '10.53.0.1', 'localhost', 'kubernetes', 'kubernetes.default.svc'];
  const tls = await authority.issue({ commonName: 'kube-apiserver', names });
  const tokens = join(folder, 'service-account.key');
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  await writeFile(tokens, privateKey.export({ type: 'sec1', format: 'pem' }), { mode: 0o600 });
  return [
    `--etcd-servers=${etcd}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${port}`,
    // The addresses of the API servers are kept in an Endpoints object, which takes no loopback address.
    '--endpoint-reconciler-type=none',
    `--tls-cert-file=${tls.certificate}`,
    `--tls-private-key-file=${tls.key}`,
    `--client-ca-file=${authority.certificate}`,
    // The names a proxy passes on count, as on RKE2, when it is known by this certificate.
    `--requestheader-client-ca-file=${authority.certificate}`,
    '--requestheader-allowed-names=system:auth-proxy',
    '--requestheader-username-headers=X-Remote-User',
    '--requestheader-group-headers=X-Remote-Group',
    '--requestheader-extra-headers-prefix=X-Remote-Extra-',
    '--authorization-mode=Node,RBAC',
    '--enable-admission-plugins=NodeRestriction',
    // It refuses Pods until a controller manager has made their service accounts.
    ...(controllers ? [] : ['--disable-admission-plugins=ServiceAccount']),
    '--anonymous-auth=false',
    '--allow-privileged=true',
    '--service-cluster-ip-range=10.53.0.0/16',
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    `--service-account-key-file=${tokens}`,
    `--service-account-signing-key-file=${tokens}`,
  ];
}

/**
 * In a room of its own: its address, which nothing in there tells it, and webhooks dialled at their endpoints themselves, for no
 * kube-proxy makes a Service's address lead to them (kube-apiserver's service resolver, pkg/controlplane/apiserver).
 */
export function roomArguments(address: string): readonly string[] {
  return [`--advertise-address=${address}`, '--enable-aggregator-routing=true'];
}

/**
 * For kubelets of the room: they and Pods reach it at all the room's addresses, the Service `kubernetes` leads to the one that is
 * advertised, and it asks kubelets as one of system:masters, as kubeadm has it (cmd/kubeadm/app/phases/certs).
 */
export async function nodesArguments(authority: CertificateAuthority): Promise<readonly string[]> {
  const client = await authority.issue({
    commonName: 'kube-apiserver-kubelet-client',
    organizations: ['system:masters'],
  });
  return [
    '--bind-address=0.0.0.0',
    '--endpoint-reconciler-type=lease',
    `--kubelet-client-certificate=${client.certificate}`,
    `--kubelet-client-key=${client.key}`,
    `--kubelet-certificate-authority=${authority.certificate}`,
    '--kubelet-preferred-address-types=InternalIP',
  ];
}

/** The gates as kube-apiserver takes them. */
export function gateArguments(gates: Readonly<Record<string, boolean>>): readonly string[] {
  const pairs = Object.entries(gates).map(([name, on]) => `${name}=${on}`);
  return pairs.length > 0 ? [`--feature-gates=${pairs.join(',')}`] : [];
}
