import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { findKubeconfig } from './find-kubeconfig.ts';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'hayward-kubeconfig-'));
});
afterEach(() => rm(root, { recursive: true }));

async function place(path: string, text = kubeconfig(path)): Promise<string> {
  const whole = join(root, path);
  await mkdir(dirname(whole), { recursive: true });
  await writeFile(whole, text);
  return whole;
}

function kubeconfig(token: string): string {
  return stringify({
    clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:6443' } }],
    users: [{ name: 'u', user: { token } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  });
}

it("is RKE2's, k3s's, kubeadm's, the kubelet's, the user's own, in that order", async () => {
  const home = join(root, 'root');
  const order = [
    ['rke2', 'etc/rancher/rke2/rke2.yaml'],
    ['k3s', 'etc/rancher/k3s/k3s.yaml'],
    ['kubeadm', 'etc/kubernetes/admin.conf'],
    ['kubelet', 'var/lib/rancher/rke2/agent/kubelet.kubeconfig'],
    ['kubelet', 'var/lib/rancher/k3s/agent/kubelet.kubeconfig'],
    ['kubelet', 'etc/kubernetes/kubelet.conf'],
    ['home', 'root/.kube/config'],
  ] as const;
  for (const [, path] of order) await place(path);
  for (const [owner, path] of order) {
    expect(await findKubeconfig({ root, home })).toMatchObject({
      source: join(root, path),
      value: { owner, access: { token: { text: path } }, passedOver: [] },
    });
    await rm(join(root, path));
  }
  expect(await findKubeconfig({ root, home })).toMatchObject({ known: false, reason: 'absent' });
});

it('is the one the user names, and then no other', async () => {
  const named = await place('named');
  const other = await place('other');
  await place('etc/rancher/rke2/rke2.yaml');
  expect(await findKubeconfig({ root, option: named, environment: other })).toMatchObject({
    value: { owner: 'option' },
  });
  const several = `${join(root, 'missing')}:${other}`;
  expect(await findKubeconfig({ root, environment: several })).toMatchObject({
    source: other,
    value: { owner: 'environment' },
  });
  expect(await findKubeconfig({ root, environment: '' })).toMatchObject({ value: { owner: 'rke2' } });
  const missing = join(root, 'missing');
  expect(await findKubeconfig({ root, option: missing })).toMatchObject({ reason: 'absent' });
});

it('says what it passed over, and why nothing was left', async () => {
  const broken = await place('etc/rancher/rke2/rke2.yaml', 'SECRET: [');
  const why = { known: false, reason: 'failed', source: broken, detail: `${broken}: not a kubeconfig` };
  expect(await findKubeconfig({ root })).toEqual(why);
  await place('etc/kubernetes/admin.conf');
  expect(await findKubeconfig({ root })).toMatchObject({ value: { owner: 'kubeadm', passedOver: [why] } });
});

it("is at last a Pod's service account, by files that are read anew", async () => {
  const service = { host: '10.53.0.1', port: '443' };
  expect(await findKubeconfig({ root, service })).toMatchObject({ known: false, reason: 'absent' });
  const token = await place('var/run/secrets/kubernetes.io/serviceaccount/token');
  const authority = await place('var/run/secrets/kubernetes.io/serviceaccount/ca.crt');
  const own = {
    owner: 'service-account',
    access: {
      server: 'https://10.53.0.1:443',
      token: { file: token },
      authority: { file: authority },
      insecure: false,
    },
  };
  expect(await findKubeconfig({ root, service })).toMatchObject({ value: own });
  expect(await findKubeconfig({ root, service: { ...service, host: 'fd00::1' } })).toMatchObject({
    value: { access: { server: 'https://[fd00::1]:443' } },
  });
  expect(await findKubeconfig({ root, service: { ...service, host: 'a b' } })).toMatchObject({ reason: 'failed' });
  expect(await findKubeconfig({ root })).toMatchObject({ reason: 'absent' });
  expect(await findKubeconfig({ root, service, environment: join(root, 'missing') })).toMatchObject({
    reason: 'absent',
  });
  await place('etc/kubernetes/admin.conf');
  expect(await findKubeconfig({ root, service })).toMatchObject({ value: { owner: 'kubeadm' } });
});

it("is a Pod's service account where that is named, whatever else the Pod sees", async () => {
  await place('etc/rancher/rke2/rke2.yaml');
  const service = { host: '10.53.0.1', port: '443', account: '/serviceaccount' };
  expect(await findKubeconfig({ root, service })).toMatchObject({ reason: 'absent' });
  const token = await place('serviceaccount/token');
  await place('serviceaccount/ca.crt');
  expect(await findKubeconfig({ root, service })).toMatchObject({
    value: { owner: 'service-account', access: { token: { file: token } } },
  });
  const option = join(root, 'etc/rancher/rke2/rke2.yaml');
  expect(await findKubeconfig({ root, service, option })).toMatchObject({ value: { owner: 'option' } });
});
