import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { parseKubeconfig } from './kubeconfig.ts';

const PATH = '/etc/rancher/rke2/rke2.yaml';

interface Parts {
  readonly cluster?: object;
  readonly user?: object;
  readonly current?: string;
}

function kubeconfig({ cluster = {}, user = {}, current = 'default' }: Parts = {}): string {
  return stringify({
    clusters: [{ name: 'default', cluster: { server: 'https://127.0.0.1:6443', ...cluster } }],
    users: [{ name: 'default', user }],
    contexts: [{ name: 'default', context: { cluster: 'default', user: 'default' } }],
    'current-context': current,
  });
}

function parsed(text: string, path = PATH): ReturnType<typeof parseKubeconfig> {
  return parseKubeconfig([{ path, text }]);
}

describe('a kubeconfig', () => {
  it('holds its material itself, as rke2.yaml does', () => {
    const base64 = (text: string): string => Buffer.from(text).toString('base64');
    const cluster = { 'certificate-authority-data': base64('CA'), 'certificate-authority': '/not/this' };
    const user = { 'client-certificate-data': base64('CERT'), 'client-key-data': base64('KEY') };
    expect(parsed(kubeconfig({ cluster, user }))).toEqual({
      known: true,
      source: PATH,
      value: {
        context: 'default',
        user: 'default',
        server: 'https://127.0.0.1:6443',
        insecure: false,
        authority: { text: 'CA' },
        certificate: { text: 'CERT' },
        key: { text: 'KEY' },
      },
    });
  });

  it("names files, from its own folder, as the kubelet's does", () => {
    const cluster = { 'certificate-authority': '../server-ca.crt', 'insecure-skip-tls-verify': true };
    const user = { 'client-certificate': '/agent/client.crt', 'client-key': 'client.key' };
    expect(parsed(kubeconfig({ cluster, user }), '/agent/etc/kubelet.kubeconfig')).toMatchObject({
      value: {
        insecure: true,
        authority: { file: '/agent/server-ca.crt' },
        certificate: { file: '/agent/client.crt' },
        key: { file: '/agent/etc/client.key' },
      },
    });
  });

  it('carries a token, or the file that has the newer one', () => {
    expect(parsed(kubeconfig({ user: { token: 'abc' } }))).toMatchObject({ value: { token: { text: 'abc' } } });
    expect(parsed(kubeconfig({ user: { token: 'abc', tokenFile: '/run/token' } }))).toMatchObject({
      value: { token: { file: '/run/token' } },
    });
  });

  it('may be spread over files, of which the first wins', () => {
    const first = stringify({ 'current-context': 'default', users: [{ name: 'default', user: { token: 'first' } }] });
    const both = [
      { path: '/a', text: first },
      { path: '/b', text: kubeconfig({ user: { token: 'second' }, current: 'other' }) },
    ];
    expect(parseKubeconfig(both)).toMatchObject({
      source: '/a:/b',
      value: { context: 'default', server: 'https://127.0.0.1:6443', token: { text: 'first' } },
    });
  });

  it.each([
    ['', 'not a kubeconfig'],
    ['- 1', 'not a kubeconfig'],
    ['token: "SECRET\n  unclosed: [', 'not a kubeconfig'],
    ['kind: Config', 'no current-context'],
    [kubeconfig({ current: 'gone' }), 'no context "gone"'],
    [kubeconfig().replace('user: default', 'user: nobody'), 'no user "nobody"'],
    [kubeconfig({ cluster: { server: 'http://10.0.0.1' } }), 'the server "http://10.0.0.1" is no https address'],
    [kubeconfig({ cluster: { server: 'nonsense' } }), 'the server "nonsense" is no https address'],
    ...['https://a:SECRET@10.0.0.1', 'http://SECRET@10.0.0.1', 'a:SECRET@nonsense'].map((server): [string, string] => [
      kubeconfig({ cluster: { server } }),
      "a password in the server's address is not supported",
    ]),
    [kubeconfig({ cluster: { 'proxy-url': 'http://p' } }), 'a proxy-url is not supported'],
    [kubeconfig({ user: { exec: { command: 'aws' } } }), 'authentication by exec is not supported'],
    [kubeconfig({ user: { username: 'a', password: 'SECRET' } }), 'authentication by username is not supported'],
  ])('that cannot be used says why in one line, and no secret: %j', (text, why) => {
    expect(parsed(text)).toEqual({ known: false, reason: 'failed', source: PATH, detail: `${PATH}: ${why}` });
  });
});
