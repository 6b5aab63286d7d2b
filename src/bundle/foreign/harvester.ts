import { fieldsOf, objectIn, objectsIn, textIn } from '../../snapshot/fields.ts';
import { yamlOf } from '../../snapshot/yaml-text.ts';
import type { Visit } from '../archive.ts';
import { walkPackedBuffer } from '../open-archive.ts';
import { ArchiveError } from '../trouble.ts';
import { walkZip } from '../zip-read.ts';
import { modulesFrom, sectionOf, settingsFrom } from './printed.ts';
import type { RecordedNode } from './recorded-node.ts';

/**
 * A Harvester support bundle (rancher/support-bundle-kit): `metadata.yaml`, `yamls/`, `logs/`, and in `nodes/` a zip of each
 * node made by hack/collector-harvester: `configs/oem`, some of `configs/etc`, `logs/` with a supportconfig in .txz.
 */
export const NODE_ZIP = /(?:^|\/)nodes\/([^/]+)\.zip$/;
/** Older kits (before discovery) wrote to `cluster/kubernetes`, newer ones to a folder for each API group and version. */
export const NODE_LIST = /(?:^|\/)yamls\/cluster\/(?:kubernetes|v1)\/nodes\.yaml$/;
export const METADATA = /^(?:[^/]+\/)?metadata\.yaml$/;

const HINT = (node: string) => `not in a support bundle; collect it with: hayward capture -o FILE --host ${node}`;
const NO_ZIP = (node: string) =>
  `the support bundle has no zip of this node; collect it with: hayward capture -o FILE --host ${node}`;

/** Where a member of a node's zip comes from on the node. */
const PLACES: readonly (readonly [RegExp, string])[] = [
  [/^[^/]+\/configs\/oem\/(.+)$/, '/oem/'],
  [/^[^/]+\/configs\/etc\/(hostname|os-release|harvester-release\.yaml)$/, '/etc/'],
  [/^[^/]+\/configs\/etc\/rancher\/rke2\/(.+)$/, '/etc/rancher/rke2/'],
];
const SUPPORTCONFIG = /^[^/]+\/logs\/scc_supportconfig_[^/]*\.t(?:xz|gz|ar)$/;
/** A configuration is kilobytes; beyond this nobody wrote it. */
const MAX_TEXT = 8 * 1024 * 1024;

/** One node by its zip; `takenAt`: the bundle's time. */
export async function nodeFromZip(name: string, zip: Buffer, takenAt: string): Promise<RecordedNode> {
  const files = new Map<string, string>();
  const directories = new Set<string>();
  let settings: ReadonlyMap<string, string> | undefined;
  await walkZip(zip, async ({ name: member, kind, size }, body) => {
    const path = placeOf(kind === 'directory' ? `${member}/.` : member);
    if (path !== undefined) directories.add(path.slice(0, path.lastIndexOf('/')));
    if (kind !== 'file') return undefined;
    if (SUPPORTCONFIG.test(member)) settings = await readSupportconfig(await body(), files);
    else if (path !== undefined && size <= MAX_TEXT) files.set(path, (await body()).toString('utf8'));
    return undefined;
  });
  return { name, takenAt, files, whole: copiedWhole(directories), hint: HINT(name), ...(settings && { settings }) };
}

/** The kit copies /oem and RKE2's directory with all that is in them, but for a kubeconfig. */
function copiedWhole(directories: ReadonlySet<string>): ReadonlySet<string> {
  const whole = [...directories].filter((directory) => directory !== '/etc');
  const rke2 = whole.some((directory) => directory.startsWith(RKE2));
  return new Set([...whole, ...(rke2 ? [RKE2, `${RKE2}/config.yaml.d`] : [])]);
}

const RKE2 = '/etc/rancher/rke2';

function placeOf(member: string): string | undefined {
  for (const [pattern, place] of PLACES) {
    const rest = pattern.exec(member)?.[1];
    if (rest !== undefined) return place + rest;
  }
  return undefined;
}

/** SUSE's supportconfig tells what the kernel was set to. Where it cannot be read (no xz here), that is not collected. */
async function readSupportconfig(
  packed: Buffer,
  files: Map<string, string>,
): Promise<ReadonlyMap<string, string> | undefined> {
  let settings: ReadonlyMap<string, string> | undefined;
  const visit: Visit = async ({ name, kind, size }, body) => {
    if (kind !== 'file' || size > MAX_TEXT || !/\/(?:env|modules)\.txt$/.test(name)) return undefined;
    const text = (await body()).toString('utf8');
    const printed = sectionOf(text, /sysctl -a\s*$/);
    if (printed !== undefined) settings = settingsFrom(printed);
    const modules = sectionOf(text, /lsmod\s*$/);
    if (modules !== undefined) files.set('/proc/modules', modulesFrom(modules));
    return undefined;
  };
  try {
    await walkPackedBuffer(packed, visit);
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    return undefined;
  }
  return settings;
}

/** A node of the cluster that the bundle has no zip of. */
export function nodeWithoutZip(name: string, takenAt: string): RecordedNode {
  return { name, takenAt, files: new Map(), whole: new Set(), hint: NO_ZIP(name) };
}

/** Names in a list of Nodes, YAML or JSON; none where it is no such list. */
export function nodeNames(text: string): readonly string[] {
  try {
    const list = fieldsOf(yamlOf(text), 'nodes');
    return objectsIn(list, 'items').flatMap((item) => {
      const metadata = objectIn(item, 'metadata');
      const name = metadata && textIn(metadata, 'name');
      return name === undefined ? [] : [name];
    });
  } catch {
    return [];
  }
}

/**
 * `bundleCreatedAt` of metadata.yaml as RFC 3339, or a time given instead. In lower case in real bundles: the kit's struct names its fields
 * for JSON alone, and yaml.v2, which writes it, does not look there (pkg/manager/types.go, cluster.go).
 */
export function createdAt(metadata: string | undefined, otherwise: string): string {
  const said = /^bundleCreatedAt:\s*["']?([^"'\s]+)/im.exec(metadata ?? '')?.[1] ?? '';
  const time = Date.parse(said);
  return Number.isNaN(time) ? otherwise : new Date(time).toISOString();
}
