import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { paxPiece, tarBytes, zipBytes } from '../../../test/make-archives.ts';
import { asksOf, examineCapture } from '../../examine.ts';
import type { Capture } from '../../hosts/capture.ts';
import type { Finding } from '../../judging/finding.ts';
import { bundleHosts } from '../read-bundle.ts';
import { modulesFrom, settingsFrom } from './printed.ts';

const CLI = fileURLToPath(new URL('../../../dist/cli.js', import.meta.url));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hayward-foreign-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function saved(name: string, bytes: Buffer | string): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
  return path;
}

async function captures(path: string): Promise<Capture[]> {
  const hosts = await bundleHosts(path);
  return Promise.all(hosts.map((host) => host.collect(asksOf())));
}

function judged(capture: Capture, problem: string): Finding[] {
  return examineCapture(capture, { lang: 'en' }).findings.filter((finding) => finding.problem === problem);
}

const SYSCTL = `kernel.osrelease = 5.14.21-150400.24-default
net.bridge.bridge-nf-call-iptables = 1
net.ipv4.ip_forward = 0
net.ipv4.conf.all.rp_filter = 0
net.ipv4.conf.all.forwarding = 0
net.ipv4.conf.default.forwarding = 0
net.ipv4.conf.mgmt-br/100.forwarding = 0
net.ipv4.conf.eth0.200.rp_filter = 2
net.ipv6.conf.all.disable_ipv6 = 0
`;
const SUPPORTCONFIG = tarBytes(
  {
    name: 'scc_supportconfig_node-1/env.txt',
    body: `=====\n#==[ Command ]======================================#\n# /usr/bin/env\nA=b\n\n#==[ Command ]======================================#\n# /sbin/sysctl -a\n${SYSCTL}\n#==[ Note ]====#\n`,
  },
  {
    name: 'scc_supportconfig_node-1/modules.txt',
    body: '#==[ Command ]==#\n# /sbin/lsmod\nModule                  Size  Used by\nbr_netfilter           32768  0\nbridge                299008  1 br_netfilter\n\n',
  },
);

/** As hack/collector-harvester lays a node's zip out, and the kit puts it into the bundle. */
function supportBundle(supportconfig: Buffer, extension: string): Buffer {
  const node = zipBytes(
    { name: 'node-1/', body: '' },
    { name: 'node-1/hostname', body: 'node-1\n' },
    {
      name: 'node-1/configs/oem/90_custom.yaml',
      body: 'stages:\n  initramfs:\n  - sysctl:\n      net.ipv4.ip_forward: "1"\n',
    },
    { name: 'node-1/configs/oem/harvester.config', body: 'token: "***"\n' },
    { name: 'node-1/configs/etc/os-release', body: 'ID=sl-micro\nNAME="Harvester"\nPRETTY_NAME="Harvester v1.4.1"\n' },
    { name: 'node-1/configs/etc/harvester-release.yaml', body: 'harvester: v1.4.1\nos: Harvester v1.4.1\n' },
    { name: 'node-1/configs/etc/rancher/rke2/config.yaml.d/90-harvester-server.yaml', body: 'cni: multus,canal\n' },
    { name: `node-1/logs/scc_supportconfig_node-1.${extension}`, body: supportconfig },
    { name: 'node-1/logs/console.log', body: 'x'.repeat(10_000) },
    { name: 'node-1/logs/link', body: '/etc/shadow', mode: 0o120777 },
  );
  const top = 'supportbundle_0b9ff4d0_2026-01-02T03-04-05Z';
  const names = ['node-1', 'node-2'].map((name) => `- metadata:\n    name: ${name}\n`).join('');
  return zipBytes(
    { name: `${top}/metadata.yaml`, body: 'projectname: Harvester\nbundlecreatedat: "2026-01-02T03:04:05Z"\n' },
    { name: `${top}/bundleGenerationError.log`, body: '' },
    { name: `${top}/yamls/cluster/v1/nodes.yaml`, body: `apiVersion: v1\nkind: List\nitems:\n${names}` },
    { name: `${top}/logs/kube-system/x/x.log`, body: 'a log\n' },
    { name: `${top}/nodes/node-1.zip`, body: node },
  );
}

describe('a Harvester support bundle', () => {
  it.each([
    ['tgz', gzipSync(SUPPORTCONFIG)],
    ['txz', execFileSync('xz', ['-c'], { input: SUPPORTCONFIG })],
  ])('is judged by what it holds (supportconfig in %s)', async (extension, supportconfig) => {
    const [first, second] = await captures(saved(`sb-${extension}.zip`, supportBundle(supportconfig, extension)));
    expect(first?.target).toEqual({ name: 'node-1', via: 'bundle' });
    expect(first?.takenAt).toBe('2026-01-02T03:04:05.000Z');
    const examined = examineCapture(first!, { lang: 'en' });
    expect(examined.profile.name).toBe('harvester');
    expect(judged(first!, 'ip-forward')).toMatchObject([{ status: 'problem' }]);
    expect(examined.snapshot.modules.state('br_netfilter')).toMatchObject({ value: 'loaded' });
    expect(examined.snapshot.harvester.oem).toMatchObject({ known: false, reason: 'not-collected' });
    expect(first?.entries['/oem/90_custom.yaml']).toMatchObject({ state: 'ok' });
    expect(first?.entries['iptables-legacy-save -c']).toMatchObject({
      state: 'not-collected',
      detail: expect.stringContaining('hayward capture -o FILE --host node-1'),
    });
    expect(first?.entries['/etc/rancher/rke2/config.yaml']).toMatchObject({ state: 'absent' });
    expect(first?.globs['/oem/*.yaml']).toEqual(['/oem/90_custom.yaml']);
    expect(first?.globs['/oem/*.yml']).toEqual([]);
    // Of the other node there is a Node object, and no zip.
    expect(second?.target.name).toBe('node-2');
    const statuses = new Set(examineCapture(second!, { lang: 'en' }).findings.map(({ status }) => status));
    expect(statuses.has('problem') || statuses.has('ok')).toBe(false);
    expect(judged(second!, 'ip-forward')).toMatchObject([
      { status: 'unknown', unknown: { reason: 'not-collected', detail: expect.stringContaining('--host node-2') } },
    ]);
  });

  it('with a supportconfig that cannot be read knows no settings, and says how to get them', async () => {
    const [first] = await captures(saved('broken.zip', supportBundle(Buffer.from('not one'), 'txz')));
    expect(judged(first!, 'ip-forward')).toMatchObject([{ status: 'unknown', unknown: { reason: 'not-collected' } }]);
  });

  it('is refused as a whole where a node’s zip leads out', async () => {
    const evil = zipBytes(
      { name: 'a/metadata.yaml', body: 'x' },
      { name: 'a/nodes/n.zip', body: zipBytes({ name: '../x', body: '' }) },
    );
    await expect(bundleHosts(saved('evil.zip', evil))).rejects.toThrow(/outside its folder/);
  });
});

describe('an sosreport', () => {
  const top = 'sosreport-worker-1-2026-01-02-abc';
  const pieces = [
    { name: `${top}/`, type: '5' },
    { name: `${top}/sos_commands/kernel/sysctl_-a`, body: SYSCTL },
    { name: `${top}/sos_commands/kernel/lsmod`, body: 'Module Size Used by\nip_vs 196608 0\n' },
    { name: `${top}/sos_commands/host/hostname`, body: 'worker-1\n' },
    { name: `${top}/hostname`, type: '2', link: 'sos_commands/host/hostname' },
    { name: `${top}/etc/sysctl.d/99-kubernetes.conf`, body: 'net.ipv4.ip_forward = 1\n' },
    { name: `${top}/etc/os-release`, type: '2', link: '../usr/lib/os-release' },
    { name: `${top}/usr/lib/os-release`, body: 'ID=rhel\nVERSION_ID="9.4"\n' },
    paxPiece({ path: `${top}/var/log/${'long'.repeat(40)}`, mtime: '1.5' }),
    { name: 'long', body: 'log' },
  ];
  it.each([
    ['tar', tarBytes(...pieces)],
    ['tar.gz', gzipSync(tarBytes(...pieces))],
    ['tar.xz', execFileSync('xz', ['-c'], { input: tarBytes(...pieces) })],
  ])('in .%s is judged by what it holds; links lead nowhere', async (extension, bytes) => {
    const [node] = await captures(saved(`sos.${extension}`, bytes));
    expect(node?.target.name).toBe('worker-1');
    const { snapshot } = examineCapture(node!, { lang: 'en' });
    expect(snapshot.sysctl.get('net/ipv4/ip_forward')).toMatchObject({ value: '0' });
    expect(snapshot.modules.state('ip_vs')).toMatchObject({ value: 'loaded' });
    expect(node?.entries['/usr/lib/os-release']).toMatchObject({ state: 'ok' });
    expect(node?.entries['/etc/os-release']).toMatchObject({ state: 'not-collected' });
    expect(node?.globs['/etc/sysctl.d/*.conf']).toEqual(['/etc/sysctl.d/99-kubernetes.conf']);
    expect(node?.globs['/run/sysctl.d/*.conf']).toMatchObject({ state: 'not-collected' });
  });
});

describe('a cluster-info dump', () => {
  const list = {
    kind: 'NodeList',
    apiVersion: 'v1',
    items: [{ metadata: { name: 'a' } }, { metadata: { name: 'b\u001b[2J' } }],
  };
  const dump = JSON.stringify(list, undefined, 4);

  it('as a folder or as text names the nodes, knows nothing of them, and says how to', async () => {
    saved('dump/nodes.json', dump);
    saved('dump/kube-system/pods.json', '{}');
    symlinkSync('/etc', join(folder, 'dump/default'));
    const text = saved('dump.txt', `${dump}\n{\n  "kind": "EventList"\n}\n==== START logs for container x ====\n`);
    for (const path of [join(folder, 'dump'), text]) {
      const nodes = await captures(path);
      expect(nodes.map(({ target }) => target.name)).toEqual(['a', 'b\\x1b[2J']);
      expect(judged(nodes[0]!, 'rp-filter')[0]).toMatchObject({
        status: 'unknown',
        unknown: { reason: 'not-collected' },
      });
    }
  });

  it('gives one reason for everything, and leases that are none are not known', async () => {
    const path = saved('one.json', dump);
    const run = spawnSync(process.execPath, [CLI, 'leases', '--bundle', path], { encoding: 'utf8' });
    expect([run.stdout, run.status]).toEqual(['', 3]);
    expect(run.stderr).toContain('hayward: a: a cluster-info dump holds nothing');
    const [node] = await captures(path);
    const reasons = Object.values(node!.entries).map((entry) => (entry.state === 'ok' ? '' : entry.detail));
    expect(new Set(reasons).size).toBe(1);
  });

  it('and nothing else is taken for a bundle', async () => {
    saved('other/readme', 'x');
    for (const path of [
      join(folder, 'other'),
      saved('o.tar', tarBytes({ name: 'a', body: 'b' })),
      saved('o.zip', zipBytes()),
    ]) {
      await expect(bundleHosts(path)).rejects.toThrow(/^--bundle .*: no bundle hayward knows/);
    }
  });
});

describe('what commands printed', () => {
  it('sysctl -a is /proc/sys, whichever way it writes a dot in a name', () => {
    const settings = settingsFrom(`${SYSCTL}kernel.core_pattern = |/x %p\n../../etc/x = 1\nbad line\n`);
    expect(settings.get('/proc/sys/net/ipv4/conf/mgmt-br.100/forwarding')).toBe('0\n');
    expect(settings.get('/proc/sys/net/ipv4/conf/eth0.200/rp_filter')).toBe('2\n');
    expect(settings.get('/proc/sys/kernel/core_pattern')).toBe('|/x %p\n');
    expect([...settings.keys()].filter((path) => path.includes('..'))).toEqual([]);
  });

  it('lsmod is /proc/modules', () => {
    expect(modulesFrom('Module Size Used by\nbridge 299008 1 br_netfilter\n')).toBe(
      'bridge 299008 1 br_netfilter, Live 0x0000000000000000\n',
    );
  });
});
