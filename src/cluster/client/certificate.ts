import { X509Certificate } from 'node:crypto';
import type { Certificate } from '../model/machine.ts';

const BLOCK = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** What a certificate says, public parts alone. `place` is where it was seen. */
export function certificateOf(certificate: X509Certificate, place: string): Certificate {
  const { subject, issuer, subjectAltName, validFrom, validTo, fingerprint256 } = certificate;
  return {
    place,
    subject: subject === undefined ? '' : oneLine(subject),
    issuer: oneLine(issuer),
    names: namesIn(subjectAltName),
    notBefore: new Date(validFrom).toISOString(),
    notAfter: new Date(validTo).toISOString(),
    fingerprint: fingerprint256.replaceAll(':', '').toLowerCase(),
  };
}

/** The certificates in a PEM text, of which the first is its holder's own in a chain. Throws what OpenSSL says of one it cannot read. */
export function certificatesIn(pem: string, place: string): Certificate[] {
  return (pem.match(BLOCK) ?? []).map((block) => certificateOf(new X509Certificate(block), place));
}

/** The first certificate of a PEM text; nothing when there is none that can be read. */
export function certificateIn(pem: string, place: string): Certificate | undefined {
  try {
    return certificatesIn(pem, place)[0];
  } catch {
    return undefined;
  }
}

/** OpenSSL writes a name's parts as lines, the outermost first. */
function oneLine(name: string): string {
  return name.trim().split('\n').join(', ');
}

/** `DNS:kubernetes, IP Address:10.53.0.1`: what stands in quotes holds a comma or worse, and is no name Kubernetes would have given. */
function namesIn(alternatives: string | undefined): string[] {
  return (alternatives ?? '')
    .split(', ')
    .filter((one) => !one.includes('"'))
    .map((one) => /^(?:DNS|IP Address):(.+)$/.exec(one)?.[1])
    .filter((name) => name !== undefined);
}
