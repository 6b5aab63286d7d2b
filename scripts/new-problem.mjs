// `npm run new:problem ID`: a problem's file, its test and its two pages, ready to be filled in, and the registry.
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { root } from './prepared.mjs';

const id = process.argv[2] ?? '';
if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(id)) {
  process.stderr.write('usage: npm run new:problem kebab-case-id\n');
  process.exit(2);
}
const name = id.replace(/-(\w)/g, (_, letter) => letter.toUpperCase());

const files = {
  [`src/problems/${id}.ts`]: `import type { Judgement } from '../judging/finding.ts';
import { defineProblem } from '../judging/problem.ts';

interface Facts {
  readonly value: string;
}

/** What is wrong, in one sentence. */
export const ${name} = defineProblem({
  id: '${id}',
  title: { en: '${id}', 'zh-CN': '${id}' },
  needs: ['sysctl'],
  check({ sysctl }): readonly Judgement<Facts>[] {
    const reading = sysctl.get('net/ipv4/ip_forward');
    if (!reading.known) {
      return [{ status: 'unknown', subject: '', severity: 'warning', unknown: reading, evidence: [] }];
    }
    return [{ status: 'ok', subject: '', evidence: [{ source: reading.source, value: reading.value }] }];
  },
  explain: ({ value }) => ({
    title: { en: value, 'zh-CN': value },
    cause: { en: value, 'zh-CN': value },
    impact: { en: value, 'zh-CN': value },
  }),
  prove: () => 'sysctl net.ipv4.ip_forward',
  remedies: () => [],
});
`,
  [`src/problems/${id}.test.ts`]: `import { describe, expect, it } from 'vitest';
import { snapshotWith, sysctlWith } from '../../test/parts.ts';
import { generic } from '../profiles/generic.ts';
import { ${name} } from './${id}.ts';

describe('${id}', () => {
  it('is found where it is', () => {
    const snapshot = snapshotWith({ sysctl: sysctlWith({ 'net/ipv4/ip_forward': '0' }) });
    expect(${name}.check(snapshot, generic)).toMatchObject([{ status: 'problem' }]);
  });

  it('is not found where it is not', () => {
    const snapshot = snapshotWith({ sysctl: sysctlWith({ 'net/ipv4/ip_forward': '1' }) });
    expect(${name}.check(snapshot, generic)).toMatchObject([{ status: 'ok' }]);
  });

  it('is unknown where it cannot be seen', () => {
    expect(${name}.check(snapshotWith({}), generic)).toMatchObject([{ status: 'unknown' }]);
  });
});
`,
  [`docs/problems/${id}.md`]: `# ${id}\n\n## What you see\n\n## What happens\n\n## See it yourself\n\n## What hayward does\n\n## Sources\n`,
  [`docs/problems/${id}.zh-CN.md`]: `# ${id}\n\n## 现象\n\n## 原因\n\n## 自行验证\n\n## hayward 的处理\n\n## 出处\n`,
};

for (const path of Object.keys(files)) {
  if (existsSync(`${root}${path}`)) {
    process.stderr.write(`${path} exists already\n`);
    process.exit(2);
  }
}
for (const [path, text] of Object.entries(files)) {
  writeFileSync(`${root}${path}`, text);
  process.stdout.write(`${path}\n`);
}
process.exit(spawnSync(process.execPath, [`${root}scripts/generate-registry.mjs`], { stdio: 'inherit' }).status ?? 1);
