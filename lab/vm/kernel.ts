import { basename, join } from 'node:path';
import { cacheFolder, exists, madeOnce } from '../cache.ts';
import { must } from '../command.ts';
import { unpacked } from '../packages.ts';

/** A kernel of one's own: an image to boot and its modules, indexed by depmod. */
export interface Kernel {
  readonly release: string;
  /** Name and version of the package: a security fix may keep the release and change the modules. */
  readonly build: string;
  readonly image: string;
  /** `…/lib/modules/<release>`. */
  readonly modules: string;
}

/**
 * Debian's kernel for amd64, unpacked and not installed: it has what the machine under us may lack (IPVS, 802.1Q,
 * modules that load late). The meta package names the current one among its dependencies.
 */
export async function kernel(): Promise<Kernel> {
  const depends = await must(['apt-cache', 'depends', 'linux-image-amd64'], { env: { ...process.env, LC_ALL: 'C' } });
  const name = /Depends: (linux-image-\d\S*)/.exec(depends)?.[1];
  if (name === undefined)
    throw new Error("the archives apt knows hold no linux-image-amd64: the micro-VMs need Debian's");
  const folder = await unpacked(name);
  const release = name.slice('linux-image-'.length);
  return {
    release,
    build: basename(folder),
    image: join(folder, 'boot', `vmlinuz-${release}`),
    modules: await indexed(folder, release),
  };
}

/** The package carries no modules.dep: depmod makes it in a copy that shares the files with the cached package. */
async function indexed(folder: string, release: string): Promise<string> {
  const inPackage = await firstThatExists(
    ['lib/modules', 'usr/lib/modules'].map((base) => join(folder, base, release)),
  );
  const root = await madeOnce(cacheFolder('vm', `modules-${basename(folder)}`), async (fresh) => {
    await must(['mkdir', '-p', join(fresh, 'lib/modules')]);
    await must(['cp', '-al', inPackage, join(fresh, 'lib/modules', release)]);
    await must(['depmod', '-b', fresh, release]);
  });
  return join(root, 'lib/modules', release);
}

async function firstThatExists(paths: readonly string[]): Promise<string> {
  for (const path of paths) if (await exists(path)) return path;
  throw new Error(`none of ${paths.join(', ')} exists`);
}

/** The files of the named modules and of all they need, dependencies first, relative to the modules folder. */
export function moduleFiles(modulesDep: string, names: readonly string[]): string[] {
  const dependencies = new Map<string, string[]>();
  const byName = new Map<string, string>();
  for (const line of modulesDep.split('\n')) {
    const [file = '', rest = ''] = line.split(':');
    if (file === '') continue;
    dependencies.set(file, rest.trim().split(' ').filter(Boolean).reverse());
    byName.set(moduleName(file), file);
  }
  const ordered = new Set<string>();
  for (const name of names) {
    const file = byName.get(moduleName(name));
    // Built in: nothing to carry.
    if (file === undefined) continue;
    for (const needed of dependencies.get(file) ?? []) ordered.add(needed);
    ordered.add(file);
  }
  return [...ordered];
}

/** The kernel treats `-` and `_` in module names alike; files use either and may be compressed. */
export function moduleName(file: string): string {
  const base = file.slice(file.lastIndexOf('/') + 1);
  return base.replace(/\.ko(\.\w+)?$/, '').replaceAll('-', '_');
}

/** A static busybox, from Debian's package. */
export async function busybox(): Promise<string> {
  const folder = await unpacked('busybox-static');
  const found = ['bin', 'usr/bin'].map((base) => join(folder, base, 'busybox'));
  return firstThatExists(found);
}
