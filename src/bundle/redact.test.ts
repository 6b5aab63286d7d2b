import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { fixture } from '../../test/fixture.ts';
import { PLANTED } from '../../test/planted-secrets.ts';
import { examineCapture } from '../examine.ts';
import { redactCapture, redactText } from './redact.ts';

const FILE = '/oem/90_custom.yaml';

describe('redactText', () => {
  it.each(PLANTED.map((one) => [one.kind, one] as const))('takes out: %s', (_, { text, secrets, keeps }) => {
    const result = redactText(text, FILE);
    for (const secret of secrets) expect(result).not.toContain(secret);
    for (const kept of keeps ?? []) expect(result).toContain(kept);
    expect(result.split('\n').length).toBe(text.split('\n').length);
    expect(redactText(result, FILE), 'once is enough').toBe(result);
  });

  it('leaves what only sounds like a secret', () => {
    const harmless = [
      'secretName: tls-ingress',
      'automountServiceAccountToken: false',
      '    - --service-account-key-file=/var/lib/rancher/rke2/server/tls/service.key',
      '    - --token-auth-file=/etc/kubernetes/tokens.csv',
      'token-ttl: 24h',
      'net.ipv4.ip_forward = 1',
      'net.ipv4.tcp_syncookies = 1',
      'ImportCredential=sysctl.*',
      'ExecStartPost=/sbin/sysctl -w net.bridge.bridge-nf-call-iptables=0',
      'noProxy: http://10.0.0.1:3128/path',
      'options br_netfilter bypass=1',
      '      - passwd -u root',
      'kernel.core_pattern = |/usr/share/apport/apport',
      'PasswordAuthentication no',
    ].join('\n');
    expect(redactText(harmless, '/etc/x')).toBe(harmless);
  });

  it('leaves what the kernel prints, but for what can only be a secret', () => {
    const rule = '-A KUBE-SVC -m comment --comment "default/token:https token: x" -j DNAT --to 10.0.0.1:80';
    expect(redactText(rule, 'iptables-save -c')).toBe(rule);
    expect(redactText(`${rule} AKIAIOSFODNN7EXAMPLE`, 'iptables-save -c')).not.toContain('AKIAIOSF');
  });

  it('reads /proc/cmdline as written by people', () => {
    const line = 'root=/dev/sda1 harvester.token=s3cr3t-t0ken harvester.os.password=hunter22 quiet';
    expect(redactText(line, '/proc/cmdline')).toBe(
      'root=/dev/sda1 harvester.token=<redacted> harvester.os.password=<redacted> quiet',
    );
  });

  it('looks into what is packed, and packs it again', () => {
    const inner = '#!/bin/sh\nexport K3S_TOKEN=verysecretvalue\nsysctl -w net.ipv4.ip_forward=1\n';
    for (const pack of [Buffer.from(inner), gzipSync(inner)]) {
      const text = redactText(`write_files:\n- content: ${pack.toString('base64')}\n  path: /x\n`, FILE);
      const { write_files: files } = parse(text) as { write_files: { content: string }[] };
      expect(files[0]?.content).not.toBe(pack.toString('base64'));
      expect(text).not.toContain('verysecret');
    }
  });

  it('keeps YAML YAML and JSON JSON, whatever the secret', () => {
    const value = fc.string({ minLength: 1, maxLength: 30 }).map((text) => text.replace(/[\r\n]/g, ''));
    fc.assert(
      fc.property(value, value, (secret, other) => {
        const object = { name: 'node-1', token: `s3cret${secret}`, more: { password: `p4ss${other}`, port: 6443 } };
        const json = JSON.stringify(object, undefined, 2);
        const seen = JSON.parse(redactText(json, FILE)) as typeof object;
        expect(seen).toMatchObject({
          name: 'node-1',
          token: '<redacted>',
          more: { password: '<redacted>', port: 6443 },
        });
        const inline = JSON.parse(redactText(JSON.stringify(object), FILE)) as typeof object;
        expect(inline).toEqual(seen);
      }),
      { numRuns: 500 },
    );
  });

  it('ends on texts made to make patterns run for ever', () => {
    const pieces = [
      '{token:',
      'token: "',
      'kind: Secret\n',
      'http://a:b',
      'a:b@',
      '-----BEGIN PRIVATE KEY-----\n',
      'curl ',
    ];
    for (const piece of pieces) redactText(piece.repeat(20_000), FILE);
  });

  it('changes no finding of a recorded node', () => {
    for (const name of ['harvester-v1.4', 'rke2-canal-ubuntu22', 'kubekey-debian11-not-forwarding', 'plain-debian12']) {
      const capture = fixture(name);
      const options = { lang: 'en' } as const;
      expect(examineCapture(redactCapture(capture).capture, options).findings).toEqual(
        examineCapture(capture, options).findings,
      );
    }
  });

  it('changes no finding of a node whose files hold secrets among what is judged', () => {
    const planted = (path: string, text: string) => {
      if (/\.(yaml|yml)$/.test(path)) return `token: s3cret-plant\n${text}\nagent-token: "s3cret-plant"\n`;
      return /\.(service|conf)$/.test(path)
        ? `${text}\n# password: s3cret-plant\nEnvironment=K3S_TOKEN=s3cret-plant\n`
        : text;
    };
    for (const name of ['harvester-v1.4', 'rke2-canal-ubuntu22', 'kubekey-debian11-not-forwarding']) {
      const capture = fixture(name);
      const entries = Object.entries(capture.entries).map(([path, entry]) => [
        path,
        entry.state === 'ok' ? { ...entry, text: planted(path, entry.text) } : entry,
      ]);
      const holding = { ...capture, entries: Object.fromEntries(entries) };
      const { capture: redacted, sources } = redactCapture(holding);
      expect(sources.length).toBeGreaterThan(3);
      expect(JSON.stringify(redacted)).not.toContain('s3cret-plant');
      const judged = (one: typeof capture) => examineCapture(one, { lang: 'en' }).findings;
      expect(JSON.parse(JSON.stringify(judged(redacted)))).toEqual(
        JSON.parse(JSON.stringify(judged(holding)).replaceAll('s3cret-plant', '<redacted>')),
      );
    }
  });

  it('leaves documents that parse', () => {
    for (const { text, yaml } of PLANTED) {
      if (yaml) for (const document of parseAllDocuments(redactText(text, FILE))) expect(document.errors).toEqual([]);
    }
  });
});
