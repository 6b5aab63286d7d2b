import { isMap, isScalar, isSeq, type Scalar } from 'yaml';
import { textOf, type YamlNode } from '../manifests/inspect.ts';
import { entriesOf, entryAt, isText, type Manifest, type Path, textAt } from '../manifests/manifest.ts';

/** A list of feature gates that kube-apiserver is given. */
export interface GateList {
  readonly manifest: Manifest;
  readonly node: Scalar;
  readonly value: string;
  /** Where in the node's text the value begins. */
  readonly at: number;
  /** The release that stands beside it, as it is written. */
  readonly version: string | undefined;
}

/** RKE2 and k3s take the arguments without dashes, and a `+` or `-` for where it goes among their own (k3s pkg/util/args.go). */
const ARGUMENT = /^-{0,2}feature-gates[+-]*=/;
const KEY = 'kube-apiserver-arg';
const RANCHER_CONFIG = ['spec', 'rkeConfig', 'machineGlobalConfig'];

/**
 * Where kube-apiserver's arguments stand: RKE2's and k3s's configuration, Rancher's clusters made of it, kubeadm's and
 * KubeKey's configuration, a static Pod.
 */
export function* gateLists(manifests: Iterable<Manifest>): Generator<GateList> {
  for (const manifest of manifests) {
    if (manifest.kind === '') yield* fromServerConfig(manifest, [], undefined);
    else if (manifest.kind === 'Cluster') yield* fromCluster(manifest);
    else if (manifest.kind === 'ClusterConfiguration') yield* fromKubeadm(manifest);
    else if (manifest.kind === 'Pod') yield* fromPod(manifest);
  }
}

/** RKE2 and k3s: `kube-apiserver-arg`, a text or a list; `kube-apiserver-arg+` adds to another file's. */
function* fromServerConfig(manifest: Manifest, path: Path, version: string | undefined): Generator<GateList> {
  for (const key of [KEY, `${KEY}+`]) yield* fromArguments(manifest, entryAt(manifest, [...path, key])?.value, version);
}

/**
 * What RKE2 or k3s gives its API server by all its configuration files, in the order it reads them: the last file that has the key
 * counts, and a key with `+` adds to what was there (k3s pkg/configfilearg).
 */
export function gateListsOfServer(files: readonly Manifest[]): readonly GateList[] {
  return files.reduce<readonly GateList[]>((before, manifest) => {
    const own = entryAt(manifest, [KEY]) ? [] : before;
    return [...own, ...fromServerConfig(manifest, [], undefined)];
  }, []);
}

function* fromCluster(manifest: Manifest): Generator<GateList> {
  const rancher = textAt(manifest, ['spec', 'kubernetesVersion']);
  yield* fromServerConfig(manifest, RANCHER_CONFIG, rancher);
  const selectors = entryAt(manifest, ['spec', 'rkeConfig', 'machineSelectorConfig'])?.value;
  const count = isSeq(selectors) ? selectors.items.length : 0;
  for (let item = 0; item < count; item += 1) {
    yield* fromServerConfig(manifest, ['spec', 'rkeConfig', 'machineSelectorConfig', item, 'config'], rancher);
  }
  const kubekey = ['spec', 'kubernetes'];
  const own = textAt(manifest, [...kubekey, 'version']);
  yield* fromArguments(manifest, entryAt(manifest, [...kubekey, 'apiserverArgs'])?.value, own);
}

/** kubeadm: `extraArgs`, a map up to v1beta3, since v1beta4 a list of names and values. */
function* fromKubeadm(manifest: Manifest): Generator<GateList> {
  const own = textAt(manifest, ['kubernetesVersion']);
  const extra = entryAt(manifest, ['apiServer', 'extraArgs'])?.value;
  if (isMap(extra)) {
    yield* whole(manifest, entriesOf(manifest, extra).get('feature-gates')?.value, own);
  }
  if (!isSeq(extra)) return;
  for (const item of extra.items) {
    const entries = entriesOf(manifest, manifest.document.resolve(item as YamlNode));
    const name = entries.get('name')?.value;
    if (isScalar(name) && textOf(name) === 'feature-gates') yield* whole(manifest, entries.get('value')?.value, own);
  }
}

function* fromPod(manifest: Manifest): Generator<GateList> {
  const containers = entryAt(manifest, ['spec', 'containers'])?.value;
  if (!isSeq(containers)) return;
  for (let item = 0; item < containers.items.length; item += 1) {
    const path = ['spec', 'containers', item];
    if (textAt(manifest, [...path, 'name']) !== 'kube-apiserver') continue;
    const [, tag] = /:([^:/@]+)(@|$)/.exec(textAt(manifest, [...path, 'image']) ?? '') ?? [];
    for (const key of ['command', 'args']) {
      yield* fromArguments(manifest, entryAt(manifest, [...path, key])?.value, tag);
    }
  }
}

function* fromArguments(manifest: Manifest, node: YamlNode | undefined, own: string | undefined): Generator<GateList> {
  const items = isSeq(node) ? (node.items as YamlNode[]) : [node];
  for (const item of items) {
    const scalar = item && manifest.document.resolve(item);
    if (!isText(scalar)) continue;
    const [prefix] = ARGUMENT.exec(scalar.value) ?? [];
    if (prefix === undefined) continue;
    yield { manifest, node: scalar, value: scalar.value.slice(prefix.length), at: prefix.length, version: own };
  }
}

function* whole(manifest: Manifest, node: YamlNode | undefined, own: string | undefined): Generator<GateList> {
  if (isText(node)) yield { manifest, node, value: node.value, at: 0, version: own };
}
