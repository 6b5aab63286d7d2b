import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seen, snapshotWith } from '../../test/parts.ts';
import { asksOf, examineCapture } from '../examine.ts';
import { type Reading, unknown } from '../hosts/reading.ts';
import { rootHost } from '../hosts/root.ts';
import { harvester } from '../profiles/harvester.ts';
import { kubekeyIpvs } from '../profiles/kubekey-ipvs.ts';
import type { ModuleState } from '../snapshot/modules.ts';
import { modulesLoadShadowed } from './modules-load-shadowed.ts';

const FILE = '/etc/modules-load.d/kube_proxy-ipvs.conf';

function judged(files: Readonly<Record<string, string>>, state: ModuleState = 'loaded', profile = kubekeyIpvs) {
  const load = seen(Object.entries(files).map(([path, text]) => ({ path, text: { ...seen(text), source: path } })));
  const modules = { state: () => seen(state) };
  return modulesLoadShadowed.check(snapshotWith({ moduleFiles: { load, modprobe: seen([]) }, modules }), profile);
}

describe('modules-load-shadowed', () => {
  it('is a problem where the list names nf_conntrack alone', () => {
    expect(judged({ [FILE]: 'nf_conntrack\n' })).toMatchObject([
      {
        status: 'problem',
        severity: 'warning',
        subject: FILE,
        facts: { missing: ['ip_vs', 'ip_vs_rr', 'ip_vs_wrr', 'ip_vs_sh'] },
      },
    ]);
    expect(judged({ [FILE]: '# ip_vs\nip_vs\nip-vs-rr\n' })).toMatchObject([
      { facts: { missing: ['ip_vs_wrr', 'ip_vs_sh'] } },
    ]);
  });

  it('is in order where the file, or another, lists them, and where they are part of the kernel', () => {
    const all = 'ip_vs\nip_vs_rr\nip_vs_wrr\nip_vs_sh\n';
    expect(judged({ [FILE]: all })).toMatchObject([{ status: 'ok' }]);
    expect(judged({ [FILE]: 'nf_conntrack\n', '/etc/modules-load.d/hayward.conf': all })).toMatchObject([
      { status: 'ok' },
    ]);
    expect(judged({ [FILE]: 'nf_conntrack\n' }, 'built-in')).toMatchObject([{ status: 'ok' }]);
  });

  it('does not apply where KubeKey was never run, or IPVS is not used', () => {
    expect(judged({ '/etc/modules-load.d/x.conf': 'a\n' })).toMatchObject([{ status: 'not-applicable' }]);
    expect(judged({ [FILE]: 'nf_conntrack\n' }, 'loaded', harvester)).toMatchObject([{ status: 'not-applicable' }]);
  });

  it('is unknown where the lists cannot be read, all or one', () => {
    const denied = unknown('denied', '/etc/modules-load.d', 'not permitted');
    const check = (load: Reading<readonly { path: string; text: Reading<string> }[]>) =>
      modulesLoadShadowed.check(snapshotWith({ moduleFiles: { load, modprobe: seen([]) } }), kubekeyIpvs);
    expect(check(denied)).toMatchObject([{ status: 'unknown' }]);
    expect(check(seen([{ path: FILE, text: denied }]))).toMatchObject([{ status: 'unknown' }]);
  });
});

describe('what a shell really leaves when it is told as KubeKey tells it', () => {
  let tree: string;
  beforeAll(() => {
    tree = mkdtempSync(join(tmpdir(), 'hayward-shadowed-'));
    mkdirSync(join(tree, 'etc/modules-load.d'), { recursive: true });
  });
  afterAll(() => rmSync(tree, { recursive: true, force: true }));

  /** The four names, then nf_conntrack by the operator that the release uses. */
  async function leftBy(operator: '>' | '>>') {
    const script = `for m in ip_vs ip_vs_rr ip_vs_wrr ip_vs_sh; do echo $m; done > ${FILE.slice(1)}; echo nf_conntrack ${operator} ${FILE.slice(1)}`;
    execFileSync('sh', ['-euc', script], { cwd: tree });
    const capture = await rootHost(tree).collect(asksOf());
    const { findings } = examineCapture(capture, { lang: 'zh-CN', profile: 'kubekey-ipvs' });
    return findings.find(({ problem }) => problem === 'modules-load-shadowed');
  }

  it('3.x writes over its list, and the fix lists the modules in a file of its own', async () => {
    const found = await leftBy('>');
    expect(readFileSync(join(tree, FILE), 'utf8')).toBe('nf_conntrack\n');
    expect(found).toMatchObject({ status: 'problem', title: 'IPVS 模块列表被覆盖' });
    const [remedy] = found?.remedies ?? [];
    expect(remedy).toMatchObject({ scope: 'persist' });
    expect(JSON.stringify(remedy?.steps)).toContain('/etc/modules-load.d/');
    expect(JSON.stringify(remedy?.steps)).not.toContain(FILE);
  });

  it('4.x appends to it', async () => {
    expect(await leftBy('>>')).toMatchObject({ status: 'ok' });
  });
});
