import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { must } from '../command.ts';

export interface CertificateRequest {
  readonly commonName: string;
  /** Kubernetes reads a client's groups from these. */
  readonly organizations?: readonly string[];
  /** DNS names and addresses a server answers for. */
  readonly names?: readonly string[];
  readonly notBefore?: Date;
  readonly notAfter?: Date;
}

/** Paths of PEM files. */
export interface IssuedCertificate {
  readonly certificate: string;
  readonly key: string;
}

export interface CertificateAuthority extends IssuedCertificate {
  /** A certificate for clients and servers alike, with a new key: valid from an hour ago for a year unless said otherwise. */
  issue(request: CertificateRequest): Promise<IssuedCertificate>;
}

const HOUR_MS = 3_600_000;
const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/**
 * A certificate authority in a folder of its own, by the `openssl` program: unlike Node it signs certificates, and its `ca`
 * command, in every version in use, also those that are expired or not valid yet. Throws where there is no openssl.
 */
export async function certificateAuthority(folder: string, commonName: string): Promise<CertificateAuthority> {
  await mkdir(folder, { recursive: true });
  const authority = { certificate: join(folder, 'ca.crt'), key: join(folder, 'ca.key') };
  const config = join(folder, 'openssl.cnf');
  await writeFile(config, CONFIG);
  const files = ['-keyout', authority.key, '-out', authority.certificate];
  const subject = ['-subj', `/CN=${escaped(commonName)}`, '-days', '3650', '-extensions', 'authority'];
  await must(['openssl', 'req', '-x509', '-config', config, ...NEW_KEY, ...files, ...subject]);

  async function issue(request: CertificateRequest): Promise<IssuedCertificate> {
    // `openssl ca` keeps a database: one for each certificate lets many be issued at once.
    const own = await mkdtemp(join(folder, 'issued-'));
    const issued = { certificate: join(own, 'tls.crt'), key: join(own, 'tls.key') };
    const csr = join(own, 'tls.csr');
    const extensions = join(own, 'extensions.cnf');
    await writeFile(join(own, 'index.txt'), '');
    await writeFile(extensions, extensionsFor(request.names ?? []));
    const wanted = ['-subj', subjectOf(request), '-keyout', issued.key, '-out', csr];
    await must(['openssl', 'req', '-new', '-config', config, ...NEW_KEY, ...wanted]);
    const signer = ['-cert', authority.certificate, '-keyfile', authority.key];
    const { notBefore = new Date(Date.now() - HOUR_MS), notAfter = new Date(Date.now() + 365 * 24 * HOUR_MS) } =
      request;
    const dates = ['-startdate', opensslTime(notBefore), '-enddate', opensslTime(notAfter)];
    const out = ['-in', csr, '-out', issued.certificate, '-extfile', extensions];
    const ca = ['openssl', 'ca', '-batch', '-notext', '-config', config];
    await must([...ca, ...signer, ...dates, ...out], { cwd: own });
    return issued;
  }
  return { ...authority, issue };
}

/** `preserve` keeps the subject's order: Go reads the groups from every O, whichever place it has. */
const CONFIG = `[req]
distinguished_name = none
prompt = no
[none]
[authority]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign, cRLSign, digitalSignature
subjectKeyIdentifier = hash
[ca]
default_ca = here
[here]
database = index.txt
new_certs_dir = .
default_md = sha256
policy = anything
preserve = yes
unique_subject = no
rand_serial = yes
[anything]
organizationName = optional
commonName = supplied
`;

function extensionsFor(names: readonly string[]): string {
  const lines = [
    'basicConstraints = critical, CA:false',
    'keyUsage = critical, digitalSignature',
    'extendedKeyUsage = serverAuth, clientAuth',
  ];
  if (names.length > 0) {
    lines.push(`subjectAltName = ${names.map((name) => `${isIP(name) ? 'IP' : 'DNS'}:${name}`).join(',')}`);
  }
  return `${lines.join('\n')}\n`;
}

function subjectOf({ commonName, organizations = [] }: CertificateRequest): string {
  return [...organizations.map((name) => `/O=${escaped(name)}`), `/CN=${escaped(commonName)}`].join('');
}

/** In a subject `/` begins the next part and `+` adds to one. */
function escaped(value: string): string {
  return value.replace(/[\\/+]/g, '\\$&');
}

/** YYYYMMDDHHMMSSZ, which openssl reads for any year. */
function opensslTime(date: Date): string {
  return date.toISOString().replace(/\.\d+|[-T:]/g, '');
}
