import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LANGS } from '../lang.ts';
import { PROBLEMS } from '../problems/registry.generated.ts';
import { explainedByName, logReader, MAX_LINE, PATTERNS, problemsInLogs } from './explain.ts';
import { eachLine } from './lines.ts';
import { pageFrom } from './page.ts';
import { explainedProblems, pageOf } from './pages.ts';
import { explanationsText, namedText } from './text.ts';

/** Lines as they stand in issues and logs, and what they speak of. */
const LINES: readonly (readonly [string, string, string])[] = [
  [
    'cni-range-exhausted',
    '10.52.0.1-10.52.0.254',
    'E1121 08:00:01.123456    1234 kuberuntime_manager.go:1170] "CreatePodSandbox for pod failed" err="rpc error: code = Unknown desc = failed to setup network for sandbox \\"5f1c\\": plugin type=\\"multus\\" name=\\"multus-cni-network\\" failed (add): [ns/pod/uid:k8s-pod-network]: error adding container to network \\"k8s-pod-network\\": plugin type=\\"calico\\" failed (add): failed to allocate for range 0: no IP addresses available in range set: 10.52.0.1-10.52.0.254"',
  ],
  [
    'cni-range-exhausted',
    'fd00::1-fd00::ffff',
    'failed to allocate for range 1: no IP addresses available in range set: fd00::1-fd00::ffff',
  ],
  [
    'cni-lease-leak',
    '10.52.0.7',
    `plugin type="calico" failed (add): 10.52.0.7 has been allocated to ${'a'.repeat(64)}, duplicate allocation is not allowed`,
  ],
  [
    'cni-lease-leak',
    'iptables',
    'plugin type="portmap" failed (add): failed to open iptables: exec: "iptables": executable file not found in $PATH',
  ],
  [
    'cni-lease-leak',
    'a'.repeat(64),
    `StopPodSandbox failed: failed to destroy network for sandbox "${'a'.repeat(64)}": plugin type="portmap" failed (delete)`,
  ],
  [
    'ip-forward',
    'ipv4/ip_forward',
    '[ERROR FileContent--proc-sys-net-ipv4-ip_forward]: /proc/sys/net/ipv4/ip_forward contents are not set to 1',
  ],
  [
    'bridge-netfilter',
    'bridge-nf-call-iptables',
    '[ERROR FileContent--proc-sys-net-bridge-bridge-nf-call-iptables]: /proc/sys/net/bridge/bridge-nf-call-iptables contents are not set to 1',
  ],
  [
    'kernel-modules',
    '',
    '[ERROR FileContent--proc-sys-net-bridge-bridge-nf-call-iptables]: /proc/sys/net/bridge/bridge-nf-call-iptables does not exist',
  ],
  ['kernel-modules', '', 'sysctl: cannot stat /proc/sys/net/bridge/bridge-nf-call-iptables: No such file or directory'],
  [
    'kernel-modules',
    '',
    'Failed to check br_netfilter: stat /proc/sys/net/bridge/bridge-nf-call-iptables: no such file or directory',
  ],
  [
    'kernel-modules',
    '',
    `E0101 server.go:495] "Can't use the IPVS proxier" err="the kernel does not have the required modules"`,
  ],
  [
    'kernel-modules',
    '',
    'bridge: filtering via arp/ip/ip6tables is no longer available by default. Update your scripts to load br_netfilter if you need this.',
  ],
  ['rp-filter', 'eth1', 'kernel: IPv4: martian source 10.0.0.5 from 10.1.0.9, on dev eth1'],
  ['iptables-backends', 'iptables', '# Warning: iptables-legacy tables present, use iptables-legacy to see them'],
  [
    'apiserver-argument-invalid',
    'NodeAuthorizerEnablePodSelectors',
    'Error: invalid argument "NodeAuthorizerEnablePodSelectors=false" for "--feature-gates" flag: unrecognized feature gate: NodeAuthorizerEnablePodSelectors',
  ],
  [
    'apiserver-argument-invalid',
    'AuthorizeNodeWithSelectors',
    'cannot set feature gate AuthorizeNodeWithSelectors to false, feature is locked to true',
  ],
  [
    'node-authorization',
    'node-1',
    'Error from server (Forbidden): pods is forbidden: User "system:node:node-1" cannot list resource "pods" in API group "" in the namespace "kube-system": can only list/watch pods with spec.nodeName field selector',
  ],
  [
    'clock-skew',
    '2006-01-01T00:00:00Z',
    'x509: certificate has expired or is not yet valid: current time 2006-01-01T00:00:00Z is before 2026-01-01T00:00:00Z',
  ],
  [
    'certificate-expiring',
    '2027-01-01T00:00:00Z',
    'x509: certificate has expired or is not yet valid: current time 2027-01-01T00:00:00Z is after 2026-01-01T00:00:00Z',
  ],
  [
    'apiserver-argument-invalid',
    'AuthorizeNodeWithSelectors',
    'E0101 run.go:72] "command failed" err="AuthorizeNodeWithSelectors feature requires AuthorizeWithSelectors feature to be enabled"',
  ],
  [
    'webhook-unready',
    'validator.harvesterhci.io',
    'Error from server (InternalError): Internal error occurred: failed calling webhook "validator.harvesterhci.io": failed to call webhook: Post "https://harvester-webhook.harvester-system.svc:443/v1/webhook/validation?timeout=10s": no endpoints available for service "harvester-webhook"',
  ],
  [
    'webhook-unready',
    'rancher.cattle.io',
    'level=error msg="failed calling webhook \\"rancher.cattle.io\\": context deadline exceeded"',
  ],
  [
    'node-unready',
    '',
    'E1121 kubelet.go:2902] "Container runtime network not ready" networkReady="NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized"',
  ],
  [
    'cluster-registration',
    'https://10.0.0.10',
    'ERROR: https://10.0.0.10/ping is not accessible (Connection timed out after 10001 milliseconds)',
  ],
  ['port-conflict', ':2112', 'ERROR prometheus HTTP server err="listen tcp :2112: bind: address already in use"'],
];

function explained(text: string, lang: 'en' | 'zh-CN' = 'en') {
  const reader = logReader('test');
  for (const line of text.split('\n')) reader.read(line);
  return reader.explanations(lang);
}
const render = { lang: 'en', color: false, width: 80, verbose: false, quiet: false } as const;

describe('a line of a log', () => {
  it.each(LINES)('leads to %s (%s)', (problem, subject, line) => {
    expect(explained(line)).toMatchObject([{ problem, subject, status: 'problem', evidence: [{ line: 1 }] }]);
  });

  it.each([
    'Started Session 12 of User root.',
    'E1121 kubelet.go:2347] "Skipping pod synchronization" err="container runtime network not ready"',
    'no IP addresses are needed',
    'listen tcp :8080: bind: address already in use',
    '',
  ])('says nothing of %j', (line) => {
    expect(explained(line)).toEqual([]);
  });

  it('is met once however often it comes, with the first line as evidence', () => {
    const [full = '', other = ''] = [LINES[0]?.[2], LINES[1]?.[2]];
    const found = explained(['x', full, 'y', full, full, other].join('\n'));
    expect(found.map(({ subject, count }) => [subject, count])).toEqual([
      ['10.52.0.1-10.52.0.254', 3],
      ['fd00::1-fd00::ffff', 1],
    ]);
    expect(found[0]).toMatchObject({ evidence: [{ line: 2 }], commands: ['hayward leases', 'hayward leases reclaim'] });
  });

  it('is harmless on a terminal, whatever is in it', () => {
    const text = explanationsText(explained(`\x1b[2J ${LINES[0]?.[2]} \u202e`), 1, render);
    expect(text).not.toMatch(/[\x1b\u202e]/);
    expect(text).toContain('hayward leases reclaim');
  });

  it('of any bytes and any length is read, in time that grows with it', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (line) => void explained(line)));
    for (const part of [
      'no IP addresses available in range set: ',
      'martian source a ',
      'User "system:node:',
      '/proc/sys/net/',
    ]) {
      explained(part.repeat(20_000));
    }
  });

  it('comes whole from a stream, in whatever pieces, and is cut where it has no end', async () => {
    const lines: string[] = [];
    const bytes = Buffer.from(`eins\r\nzwei ä 中\n${'x'.repeat(3 * MAX_LINE)}\nlast`);
    await eachLine(Readable.from([...bytes].map((byte) => Buffer.from([byte]))), (line) => void lines.push(line));
    expect(lines.map(({ length }) => length)).toEqual([4, 8, MAX_LINE, 4]);
    expect(lines[1]).toBe('zwei ä 中');
  });
});

describe('the patterns', () => {
  it('are all met by a line here', () => {
    const unmet = PATTERNS.filter(({ matches }) => !LINES.some(([, , line]) => matches.test(line)));
    expect(unmet).toEqual([]);
  });

  it.each(PATTERNS.map((pattern) => [pattern.problem, pattern] as const))(
    'of %s have words in both languages, and commands that exist',
    (_problem, pattern) => {
      for (const lang of LANGS) {
        for (const words of [pattern.title, pattern.cause, pattern.impact])
          expect(words[lang].length).toBeGreaterThan(3);
      }
      expect(pattern.cause['zh-CN']).toMatch(/\p{Script=Han}/u);
      const ids = PROBLEMS.map(({ id }) => id);
      const commands = [
        pattern.prove,
        ...(typeof pattern.fix === 'string' ? [pattern.fix] : Object.values(pattern.fix)),
      ].join(' ');
      for (const [, id = ''] of commands.matchAll(/hayward (?:fix|doctor --only) ([a-z-]+)/g))
        expect(ids).toContain(id);
    },
  );
});

describe('a problem by its name', () => {
  const pageless = problemsInLogs().filter((id) => !explainedProblems().includes(id));

  it.each(problemsInLogs())('%s leads somewhere', (id) => {
    for (const lang of LANGS) {
      const explained = explainedByName(id, lang);
      expect(explained.length).toBeGreaterThan(0);
      expect(explained.every(({ status, evidence }) => status === 'unknown' && evidence.length === 0)).toBe(true);
    }
  });

  it.each(pageless)('%s, which has no page, is told in words, with what proves it and what puts it right', (id) => {
    const text = namedText(
      explainedByName(id, 'en').map((one) => ({ ...one, docs: '' })),
      render,
    );
    for (const { title } of PATTERNS.filter(({ problem }) => problem === id)) expect(text).toContain(title.en);
    expect(text).toContain('Prove it');
    expect(text).not.toMatch(/^ +Line |docs\/problems/m);
    expect(text).toContain('No command of hayward looks for this yet');
  });

  it('that no line speaks of is not explained so', () => {
    expect(explainedByName('cluster-ready', 'en')).toEqual([]);
  });
});

describe('a page', () => {
  it.each(explainedProblems().flatMap((id) => LANGS.map((lang) => [id, lang] as const)))(
    '%s tells in %s what it is',
    (id, lang) => {
      const page = pageOf(id, lang);
      expect(page.title.startsWith(id)).toBe(true);
      expect(page.lead).not.toBe('');
    },
  );

  it('of any text is read', () => {
    fc.assert(fc.property(fc.string(), (text) => void pageFrom(text)));
    expect(pageFrom('')).toEqual({ title: '', lead: '', sections: [], commands: '' });
  });
});
