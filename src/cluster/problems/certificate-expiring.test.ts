import { describe, expect, it } from 'vitest';
import {
  ago,
  apiServerLook,
  certificate,
  denied,
  findingsOf,
  healthy,
  unanswered,
  wrongWith,
} from '../../../test/cluster.ts';
import { known } from '../../hosts/reading.ts';
import type { Certificate } from '../model/machine.ts';

const ID = 'certificate-expiring';
const URL_ = 'https://10.0.0.11:6443';
const FILE = '/var/lib/rancher/rke2/server/tls/serving-kube-apiserver.crt';
const DAY = 86_400;

const served = (differing: Partial<Certificate>) =>
  healthy({ apiServers: [apiServerLook({ certificate: known(certificate(URL_, differing), URL_) })] });
const kept = (place: string, differing: Partial<Certificate>) =>
  healthy({ certificates: known([certificate(place, differing)], 'openssl') });
const down = [apiServerLook({ readyz: known(unanswered('tls', 'certificate has expired'), 'readyz') })];

describe(ID, () => {
  it.each([
    ['has expired', { notAfter: ago(3 * DAY) }, 'A certificate expired 3 days ago'],
    ['soon does', { notAfter: ago(-10 * DAY - 60) }, 'A certificate expires in 10 days'],
    ['has not begun', { notBefore: ago(-3600) }, 'A certificate is not valid yet'],
  ] as const)('is found where one that is served %s', (_name, differing, title) => {
    expect(findingsOf(ID, served(differing))).toContainEqual(
      expect.objectContaining({ status: 'problem', severity: 'warning', subject: URL_, title, phase: 'definite' }),
    );
    expect(wrongWith(served(differing))).toEqual([ID]);
  });

  it("is found of a file, and is the cause where it is an API server's and none answers", () => {
    const expired = kept(FILE, { notAfter: ago(DAY) });
    expect(findingsOf(ID, expired).at(-1)).toMatchObject({ subject: FILE, severity: 'warning' });
    const dead = [apiServerLook({ readyz: known(unanswered('refused'), 'readyz') })];
    expect(findingsOf(ID, { ...expired, apiServers: dead }).at(-1)).toMatchObject({ severity: 'critical' });
    expect(wrongWith({ ...expired, apiServers: dead })).toEqual([ID]);
    const client = kept('/var/lib/rancher/rke2/agent/client-kubelet.crt', { notAfter: ago(DAY) });
    expect(findingsOf(ID, { ...client, apiServers: dead }).at(-1)).toMatchObject({ severity: 'warning' });
  });

  it("tells how to see one's own, which is in the kubeconfig", () => {
    const own = kept('/root/harvester.yaml', { notAfter: ago(DAY + 60) });
    const found = findingsOf(ID, own).at(-1);
    expect(found).toMatchObject({ title: 'A certificate expired 1 day ago', impact: expect.stringContaining('401') });
    expect(found?.prove).toMatch(/^kubectl --kubeconfig '\/root\/harvester.yaml' config view .* openssl x509/);
  });

  it('does not make a verdict of its own where TLS fails for whatever reason', () => {
    expect(findingsOf(ID, { ...served({ notAfter: ago(60) }), apiServers: down })).not.toContainEqual(
      expect.objectContaining({ severity: 'critical' }),
    );
  });

  it('is clear 31 days before the end', () => {
    const found = findingsOf(ID, served({ notAfter: ago(-31 * DAY) }));
    expect(found.map(({ status }) => status)).toEqual(['ok', 'ok', 'not-applicable']);
  });

  it('is unknown where it cannot be read', () => {
    expect(findingsOf(ID, healthy({ certificates: denied })).at(-1)).toMatchObject({
      status: 'unknown',
      severity: 'info',
    });
    expect(findingsOf(ID, served({ notAfter: 'soon' }))[0]).toMatchObject({ status: 'unknown', severity: 'info' });
  });
});
