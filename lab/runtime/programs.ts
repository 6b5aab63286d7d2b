import { delimiter, join } from 'node:path';
import { libraryPath, unpacked } from '../packages.ts';
import { pauseImage } from './pause-image.ts';

/** What a node's runtime is made of, from Debian's packages unpacked: nothing of it is installed on this machine. */
export interface RuntimePrograms {
  readonly containerd: string;
  readonly ctr: string;
  readonly runc: string;
  /** Directory of the CNI plugins. */
  readonly plugins: string;
  readonly pauseImage: string;
  /** PATH (containerd looks for its shim there) and LD_LIBRARY_PATH. */
  readonly env: { readonly PATH: string; readonly LD_LIBRARY_PATH: string };
}

let found: Promise<RuntimePrograms> | undefined;

/** Asked of apt once: it takes seconds to say which versions it would install. Throws where apt knows no such packages. */
export function runtimePrograms(): Promise<RuntimePrograms> {
  found ??= find();
  return found;
}

async function find(): Promise<RuntimePrograms> {
  const containerd = await unpacked('containerd', { dependencies: true });
  const runc = await unpacked('runc', { dependencies: true });
  const plugins = await unpacked('containernetworking-plugins');
  const libraries = await Promise.all([containerd, runc].map(libraryPath));
  const bin = join(containerd, 'usr/bin');
  return {
    containerd: join(bin, 'containerd'),
    ctr: join(bin, 'ctr'),
    runc: join(runc, 'usr/sbin/runc'),
    plugins: join(plugins, 'usr/lib/cni'),
    pauseImage: await pauseImage(),
    env: {
      PATH: [bin, process.env['PATH']].join(delimiter),
      LD_LIBRARY_PATH: libraries.filter((path) => path !== '').join(delimiter),
    },
  };
}
