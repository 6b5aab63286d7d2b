import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { guardDirectories } from '../../src/guard/directories.ts';
import { guardUnit } from '../../src/guard/live/unit.ts';
import { PLACES } from '../../src/guard/watch/places.ts';
import type { Ask } from '../../src/hosts/ask.ts';
import { CRI_PLACES } from '../../src/hosts/cri/listing.ts';
import { asksFor, SUBJECTS, type SubjectName } from '../../src/snapshot/snapshot.ts';

/** The manifest beside what the guard reads and writes: no kubelet runs here, so the paths are held against each other. */

interface Mount {
  readonly name: string;
  readonly mountPath: string;
  readonly readOnly?: boolean;
}

const read = (path: string) => readFileSync(new URL(`../../deploy/${path}`, import.meta.url), 'utf8');
const documents = parseAllDocuments(read('guard/daemonset.yaml')).map((one) => {
  expect(one.errors).toEqual([]);
  return one.toJS();
});
const pod = documents.find(({ kind }) => kind === 'DaemonSet').spec.template.spec;
const [guard] = pod.containers;
const mounts: readonly Mount[] = guard.volumeMounts;
/** What the image finds below /host. */
const links = read('image/host-paths').trim().split('\n');

/** What the kernel shows whoever shares the node's namespaces, what the kubelet writes, and the image's own programs. */
const GIVEN = ['/proc', '/sys', '/etc/hostname', '/sbin'];

const below = (path: string, directory: string) => path === directory || path.startsWith(`${directory}/`);

/** As the image has it: /usr is merged, and /var/run is /run. */
function inImage(path: string): string {
  return path.replace(/^\/lib\//, '/usr/lib/').replace(/^\/var\/run\//, '/run/');
}

function isSeen(path: string): boolean {
  const own = inImage(path);
  return [...GIVEN, ...links.map((link) => `/${link}`), ...mounts.map(({ mountPath }) => mountPath)].some((place) =>
    below(own, place),
  );
}

function pathOf(ask: Ask): string | undefined {
  if (ask.kind === 'file' || ask.kind === 'list') return ask.path;
  if (ask.kind === 'files' || ask.kind === 'values') return ask.glob;
  if (ask.kind === 'leases') return ask.directory;
  return ask.kind === 'run' ? ask.onlyIf : undefined;
}

/** The mount a path is on. */
function mountOf(path: string): Mount | undefined {
  return mounts
    .filter(({ mountPath }) => below(path, mountPath))
    .sort((one, other) => other.mountPath.length - one.mountPath.length)[0];
}

describe('what the DaemonSet shows the guard', () => {
  test('is everything the judgement reads', () => {
    const asked = asksFor(Object.keys(SUBJECTS) as SubjectName[]).flatMap((ask) => pathOf(ask) ?? []);
    expect(asked.length).toBeGreaterThan(100);
    expect([...asked, ...CRI_PLACES].filter((path) => !isSeen(path))).toEqual([]);
  });

  test('is every place that is watched; files of /etc and /usr/lib by a link for each', () => {
    const directories = PLACES.map(({ directory }) => directory).filter((one) => !['/etc', '/usr/lib'].includes(one));
    const files = ['/etc/os-release', '/etc/sysctl.conf', '/etc/harvester-release.yaml', '/usr/lib/os-release'];
    expect([...directories, ...files].filter((path) => !isSeen(path))).toEqual([]);
  });

  test('may be written where state, leases and pins are, and nowhere else', () => {
    const { state, run } = guardDirectories({ environment: {}, root: true, harvester: false });
    const written = [state, run, '/var/lib/cni/networks/x/10.0.0.1', '/sys/fs/bpf/hayward-1'];
    const open = mounts.filter(({ readOnly }) => readOnly !== true);
    expect(new Set(written.map(mountOf))).toEqual(new Set(open));
    expect(guard.securityContext.readOnlyRootFilesystem).toBe(true);
  });
});

test('every mount has its volume, and every volume its mount', () => {
  const names = (list: readonly { name: string }[]) => list.map(({ name }) => name).sort();
  expect(names(pod.volumes)).toEqual(names(mounts));
});

test("the image's links are directories and files of the node, each once", () => {
  expect(links).toEqual([...new Set(links)].sort());
  expect(links.filter((path) => !/^[a-z][a-z0-9._/-]*$/.test(path) || path.includes('..'))).toEqual([]);
  expect(links.filter((path) => links.some((other) => path !== other && below(path, other)))).toEqual([]);
});

test('the capabilities are those of the service', () => {
  const unit = guardUnit({ program: { node: 'node', script: 'cli.js' }, options: [], environment: {} });
  const bounding = /^CapabilityBoundingSet=(.*)$/m.exec(unit)?.[1]?.split(' ');
  expect(guard.securityContext.capabilities).toEqual({
    drop: ['ALL'],
    add: bounding?.map((name) => name.replace('CAP_', '')),
  });
});

describe('the DaemonSet of guards that report', () => {
  const [reporting] = parseAllDocuments(read('guard/daemonset-reporting.yaml')).map((one) => one.toJS());
  const { spec } = reporting.spec.template;
  const [own] = spec.containers;

  test('is the other, with what reporting needs and nothing else', () => {
    const isAccount = ({ name }: { name: string }) => name === 'account';
    expect({
      ...spec,
      volumes: spec.volumes.filter((one: Mount) => !isAccount(one)),
      containers: [
        { ...own, args: [], env: undefined, volumeMounts: own.volumeMounts.filter((one: Mount) => !isAccount(one)) },
      ],
    }).toEqual(pod);
    expect(own.args).toEqual(['--report-to-cluster']);
  });

  test('has its token where it looks for it, which is no place of the node', () => {
    const { mountPath } = own.volumeMounts.find(({ name }: Mount) => name === 'account');
    expect(own.env).toContainEqual({ name: 'HAYWARD_SERVICE_ACCOUNT', value: mountPath });
    expect(mountOf(mountPath)).toBeUndefined();
    const { sources } = spec.volumes.find(({ name }: Mount) => name === 'account').projected;
    const files = sources.flatMap((one: { configMap?: { items: { path: string }[] } }) => one.configMap?.items ?? []);
    expect(files).toEqual([{ key: 'ca.crt', path: 'ca.crt' }]);
    expect(sources[0].serviceAccountToken.path).toBe('token');
  });
});
