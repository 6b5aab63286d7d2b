import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PLANTED } from '../../../test/planted-secrets.ts';
import type { Finding } from '../../judging/finding.ts';
import { sampleFinding, sampleOther, sampleReport } from '../sample-report.ts';
import { issueReport } from './issue-report.ts';

const issueOf = (findings: readonly Finding[], lang: 'en' | 'zh-CN' = 'en'): string =>
  issueReport(sampleReport(findings), { lang });

/** What remains of Markdown when its fences and code spans are gone, as CommonMark finds them: where text means more than text. */
function outsideCode(markdown: string): string {
  const out: string[] = [];
  let fence = '';
  for (const line of markdown.split('\n')) {
    const [, ticks = ''] = /^(`{3,})/.exec(line) ?? [];
    if (fence !== '') {
      if (ticks.length >= fence.length && line === ticks) fence = '';
    } else if (ticks !== '') fence = ticks;
    else out.push(withoutSpans(line));
  }
  expect(fence, 'every fence is closed').toBe('');
  return out.join('\n');
}

/** A span ends at the next run of as many backticks (CommonMark 6.1). */
function withoutSpans(line: string): string {
  const runs = [...line.matchAll(/`+/g)];
  const [open] = runs;
  if (open === undefined) return line;
  const close = runs.find((run) => run.index > open.index && run[0].length === open[0].length);
  expect(close, `every code span is closed: ${line}`).toBeDefined();
  const end = (close?.index ?? 0) + (close?.[0].length ?? 0);
  return `${line.slice(0, open.index)} ${withoutSpans(line.slice(end))}`;
}

/** A finding with a text everywhere a text of a node or an API can be. */
function saying(text: string): Finding {
  return sampleFinding({
    subject: text,
    title: text,
    cause: text,
    impact: text,
    evidence: [
      { source: text, value: text, wanted: text, file: text, line: 3 },
      { source: '/etc/rancher/rke2/config.yaml', value: text },
    ],
    prove: text,
    remedies: [
      {
        ...sampleFinding().remedies[0]!,
        summary: { en: text, 'zh-CN': text },
        steps: [{ kind: 'setting', key: 'net/a', value: text }],
      },
    ],
  });
}

const HOSTILE: readonly (readonly [string, string])[] = [
  ['a fence', '```\n# hello\n```'],
  ['a fence that ends one', '```\n<b>@everyone\n```'],
  ['many backticks', '`````` ` `` ``` x'],
  ['backticks at the ends', '`x`'],
  ['a tag', '<img src=x onerror=alert(1)>'],
  ['a comment', '<!-- --> --> <details>'],
  ['people', 'ping @everyone @org/team and me@example.com'],
  ['issues', 'fixes #1, GH-12, org/repo#3, ABC-4 and 0123456789abcdef0123456789abcdef01234567'],
  ['links', '[x](javascript:alert(1)) ![x](http://evil.example/x.png) https://evil.example www.evil.example'],
  ['emphasis', '*a* _b_ ~~c~~ **d** :boom: &lt; \\* | a | b |'],
  ['a terminal', '\u001b[2J\u001b]8;;http://x\u0007 \u009b31m \r'],
  ['directions', 'abc\u202egnp.exe \u2066x\u2069 \u200bx \u200f'],
  ['a heading', 'x\n# y\n- z\n\n    code\n> quote\n1. one\n---'],
  ['halves of characters', '\ud83d x \ude00'],
];

function assertHarmless(markdown: string): void {
  expect(markdown).not.toMatch(
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/,
  );
  const text = outsideCode(markdown);
  expect(text).not.toMatch(/[<>@\\`[\]*~|&]/);
  expect(text.replace(/^#{1,2} /gm, '')).not.toMatch(/#/);
  expect(text).not.toMatch(/\bGH-\d|\bABC-\d|www\.|:\/\/|\b[0-9a-f]{40}\b|:boom:/);
  for (const line of text.split('\n')) expect(line).toMatch(/^(#{1,2} |- |---$|$|hayward |[A-Z…\d\p{Script=Han}])/u);
}

describe('an issue', () => {
  it.each(HOSTILE)('holds %s as text alone', (_, text) => {
    for (const lang of ['en', 'zh-CN'] as const) {
      assertHarmless(
        issueOf(
          [saying(text), sampleOther('unknown', { severity: 'warning', unknown: { reason: 'failed', detail: text } })],
          lang,
        ),
      );
    }
  });

  it('holds anything as text alone', () => {
    const piece = fc.constantFrom(
      '`',
      '```',
      '\n',
      '<',
      '@a',
      '#1',
      ' ',
      '\\',
      '_',
      '*',
      '[',
      '](',
      '|',
      '&',
      '\u202e',
      'word',
      '中文',
      '.',
      '-',
      '\t',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => assertHarmless(issueOf([saying(pieces.join(''))]))),
      { numRuns: 150 },
    );
  });

  it.each(PLANTED.map(({ kind, text, secrets }) => [kind, text, secrets] as const))(
    'holds no secret: %s',
    (_, text, secrets) => {
      const unknown = { reason: 'failed', detail: text } as const;
      const report = sampleReport([saying(text), sampleOther('unknown', { severity: 'critical', unknown })]);
      const targets = report.targets.map((target) => ({ ...target, versions: [{ what: 'OS', version: text }] }));
      const markdown = issueReport({ ...report, targets }, { lang: 'en' });
      for (const secret of secrets) expect(markdown).not.toContain(secret);
    },
  );

  it('holds no value whose place is named as a secret is, and takes no Service for one', () => {
    const evidence = [
      { source: '/var/run/secrets/kubernetes.io/serviceaccount/token', value: 'plain-words', wanted: 'other-words' },
      { source: 'endpoints harvester-system/harvester-webhook', value: 'no Ready Pod' },
    ];
    const markdown = issueOf([sampleFinding({ evidence })]);
    expect(markdown).not.toMatch(/plain-words|other-words/);
    expect(markdown).toContain('harvester-system/harvester-webhook = no Ready Pod');
  });

  it('of a cluster calls it so, and tells its verdict beside the versions', () => {
    const kubeconfig = { owner: 'bundle', path: 'x.zip' };
    const cluster = { verdict: 'not-ready', server: '', kubeconfig } as const;
    const top = sampleFinding({
      problem: 'cluster-ready',
      target: 'prod',
      subject: '',
      title: 'The cluster is not ready',
    });
    const findings = [top, sampleFinding({ target: 'prod', subject: '' })];
    const markdown = issueReport(sampleReport(findings, { cluster }), { lang: 'en' });
    expect(markdown).toContain('cluster: not-ready\n');
    expect(markdown).toContain('- Where: `cluster`\n');
    expect(markdown).not.toMatch(/prod|The cluster is not ready/);
  });

  it('says what is wrong, by what, how to see it and what would be done', () => {
    const markdown = issueOf([sampleOther('ok'), sampleFinding()]);
    expect(markdown).toBe(EXPECTED);
  });

  it('without a problem says so', () => {
    expect(issueOf([sampleOther('ok')])).toContain('hayward found no problem in what it judged.');
    expect(issueOf([], 'zh-CN')).toContain('未发现问题');
  });

  it('tells alike findings once, and never more than an issue holds', () => {
    const alike = Array.from({ length: 500 }, (_, index) => sampleFinding({ target: `worker-${index}` }));
    const grouped = issueOf(alike);
    expect(grouped.match(/^## \d/gm)).toHaveLength(1);
    expect(grouped.length).toBeLessThan(5_000);
    const long = 'x'.repeat(5_000);
    const evidence = Array.from({ length: 40 }, () => ({ source: long, value: long }));
    const many = Array.from({ length: 300 }, (_, index) =>
      sampleFinding({ title: `${index} ${long}`, cause: long, evidence }),
    );
    const markdown = issueOf(many);
    expect(markdown.length).toBeLessThanOrEqual(65_536);
    expect(markdown).toMatch(/29\d more left out/);
  });
});

const EXPECTED = `# hayward: This node does not forward IPv4 packets

## Environment

\`\`\`text
hayward 0.1.0, 2026-01-02T03:04:05.000Z
host-1 (local): profile kubekey-ipvs
\`\`\`

## 1. \`ip-forward\` (critical): This node does not forward IPv4 packets

- Where: \`host-1 net.ipv4.ip_forward\`
- Why: \`net.ipv4.ip_forward\` is 0: the kernel drops every packet that is not for the node itself.
- What it breaks: A NodePort answers on one node only; ipvsadm shows InPkts rising and OutPkts 0.
- More: \`docs/problems/ip-forward.md\`, \`hayward explain ip-forward\`

What was seen:

\`\`\`text
/proc/sys/net/ipv4/ip_forward = 0 (wanted 1)
/etc/sysctl.d/zz-local.conf = 0
\`\`\`

To see it yourself:

\`\`\`sh
sysctl net.ipv4.ip_forward
\`\`\`

What hayward would do: \`hayward fix ip-forward\`

\`\`\`text
Turn forwarding on (low risk)
  - set /proc/sys/net/ipv4/ip_forward to 1; to undo: write the former value back, and every value the kernel changed along with it
\`\`\`

---

Judged: 1 problem, 1 fine, 0 not known.
Secrets are taken out; 1 host name and 0 public addresses are replaced, each by the same word throughout. Private addresses, interfaces and Pods are as they were.
`;
