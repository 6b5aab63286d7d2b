import { type Dialect, HAYWARD, SHELL } from '../agent/dialects.ts';

/** What is run, and why it is that. */
export interface ChosenImage {
  readonly image: string;
  readonly dialect: Dialect;
  /** How it was found. */
  readonly why: 'asked' | 'on-all-nodes';
}

/**
 * Images with a shell and busybox's nc, by how their repository ends, that clusters have without asking for them:
 * - hayward: its own (deploy/image);
 * - mirrored-library-busybox: k3s' and RKE2's local-path-provisioner (k3s manifests/local-storage.yaml), Rancher's mirror;
 * - klipper-lb, klipper-helm: service load balancer and chart installer of k3s and RKE2, on Alpine (k3s-io/klipper-lb package/Dockerfile,
 *   k3s-io/klipper-helm Dockerfile);
 * - busybox, alpine: of the library, as KubeKey's and KubeSphere's lists of images have them.
 * Others of RKE2 and Harvester have a shell (SUSE's BCI) and nothing that listens.
 */
const KNOWN: readonly { readonly ends: RegExp; readonly dialect: Dialect }[] = [
  { ends: /(?:^|\/)hayward$/, dialect: HAYWARD },
  { ends: /(?:^|\/)(?:mirrored-library-)?busybox$/, dialect: SHELL },
  { ends: /(?:^|\/)(?:mirrored-library-)?alpine$/, dialect: SHELL },
  { ends: /(?:^|\/)klipper-lb$/, dialect: SHELL },
  { ends: /(?:^|\/)klipper-helm$/, dialect: SHELL },
];

/** An image's repository: `registry:5000/library/busybox` of `registry:5000/library/busybox:1.36@sha256:…`. */
export function repositoryOf(image: string): string {
  const [name = ''] = image.split('@');
  return name.replace(/:[^/:]*$/, '');
}

/** The dialect of an image by its name; what is not known is taken for one with a shell. */
export function dialectOf(image: string): Dialect {
  const repository = repositoryOf(image);
  return KNOWN.find(({ ends }) => ends.test(repository))?.dialect ?? SHELL;
}

/**
 * An image that every node has and that can do it, so that none has to be pulled; hayward's own first. By name and tag, never by
 * digest: a node lists the digests only of what it pulled, not of what was imported. Undefined where there is none.
 */
export function imageOnAll(nodes: readonly (readonly string[])[]): ChosenImage | undefined {
  const [first = [], ...rest] = nodes;
  const everywhere = first.filter((name) => !name.includes('@') && rest.every((names) => names.includes(name)));
  for (const { ends, dialect } of KNOWN) {
    const image = everywhere
      .filter((name) => ends.test(repositoryOf(name)))
      .sort()
      .at(-1);
    if (image !== undefined) return { image, dialect, why: 'on-all-nodes' };
  }
  return undefined;
}
