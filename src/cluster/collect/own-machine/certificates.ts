import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { known, type Reading, type Unknown, unknown } from '../../../hosts/reading.ts';
import { codeOf, failureFor } from '../../../hosts/system-errors.ts';
import { certificateIn } from '../../client/certificate.ts';
import type { Certificate } from '../../model/machine.ts';

/**
 * Where a node's certificates lie: RKE2's and k3s's (k3s pkg/daemons/control/deps), kubeadm's, the kubelet's own. Of these folders only
 * files named .crt are opened: keys lie beside them in files of other names (.key, .pem).
 */
const FOLDERS = [
  ...['rke2', 'k3s'].flatMap((name) => [
    `var/lib/rancher/${name}/server/tls`,
    `var/lib/rancher/${name}/server/tls/etcd`,
    `var/lib/rancher/${name}/agent`,
  ]),
  'etc/kubernetes/pki',
  'etc/kubernetes/pki/etcd',
  'var/lib/kubelet/pki',
];

/** The public certificates kept on this machine, of each file its holder's own. `absent` where there is none of those folders. */
export async function collectCertificates(root = '/'): Promise<Reading<readonly Certificate[]>> {
  const folders = await Promise.all(FOLDERS.map((folder) => filesIn(join(root, folder))));
  const trouble = folders.find((one): one is Unknown => 'known' in one);
  if (trouble && trouble.reason !== 'absent') return trouble;
  const paths = folders.flatMap((one) => ('known' in one ? [] : one));
  if (paths.length === 0) return unknown('absent', FOLDERS.join(', '), 'no certificates are kept on this machine');
  const read = await Promise.all(paths.map(certificateOf));
  const failed = read.find((one): one is Unknown => 'known' in one);
  if (failed) return failed;
  const certificates = read.filter((one): one is Certificate => 'place' in one);
  return known(certificates, 'openssl x509 -in FILE -noout -dates');
}

async function filesIn(folder: string): Promise<readonly string[] | Unknown> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    const files = entries.filter((entry) => entry.name.endsWith('.crt') && !entry.isDirectory());
    return files.map(({ name }) => join(folder, name)).sort();
  } catch (error) {
    const { state, detail } = failureFor(folder, codeOf(error));
    return unknown(state, folder, detail);
  }
}

/** Without a validity it is judged as not known, by itself. */
const UNREADABLE = { subject: '', issuer: '', names: [], notBefore: '', notAfter: '', fingerprint: '' } as const;

async function certificateOf(path: string): Promise<Certificate | Unknown> {
  try {
    return certificateIn(await readFile(path, 'utf8'), path) ?? { ...UNREADABLE, place: path };
  } catch (error) {
    const { state, detail } = failureFor(path, codeOf(error));
    return unknown(state, path, detail);
  }
}
