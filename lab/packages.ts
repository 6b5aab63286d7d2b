import { createHash } from 'node:crypto';
import { chmod, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder, madeOnce } from './cache.ts';
import { must } from './command.ts';

export interface UnpackOptions {
  /** Unpack into the same folder what the package depends on and this machine has not installed. */
  readonly dependencies?: boolean;
}

interface Pinned {
  readonly name: string;
  readonly version: string;
}

/**
 * A Debian or Ubuntu package as a folder of files, from the archives apt knows: downloaded and unpacked, never
 * installed, so that no maintainer script runs and no service starts. Kept by version under `packages/` of the cache.
 *
 * Programs in it that need libraries from the same folder find them by LD_LIBRARY_PATH (see `libraryPath`).
 * Throws when apt is missing or knows no such package.
 */
export async function unpacked(packageName: string, options: UnpackOptions = {}): Promise<string> {
  // The mirror drops a version soon after the next one appears: yesterday's lists name files that are gone.
  return fromLists(packageName, options).catch(async (error: unknown) => {
    await refreshLists().catch(() => Promise.reject(error));
    return fromLists(packageName, options);
  });
}

async function fromLists(packageName: string, options: UnpackOptions): Promise<string> {
  const main = await candidate(packageName);
  const wanted = options.dependencies ? [main, ...(await missingDependencies(packageName))] : [main];
  return madeOnce(cacheFolder('packages', folderName(wanted)), (folder) => unpackInto(folder, wanted));
}

/** The library directories of an unpacked folder, as LD_LIBRARY_PATH wants them. */
export async function libraryPath(folder: string): Promise<string> {
  const triplets = await Promise.all(
    ['lib', 'usr/lib'].map(async (base) => {
      const names = await readdir(join(folder, base)).catch(() => []);
      return names.filter((name) => name === 'systemd' || name.endsWith('-linux-gnu')).map((name) => join(base, name));
    }),
  );
  return triplets
    .flat()
    .map((path) => join(folder, path))
    .join(':');
}

/** The version apt would install. */
async function candidate(name: string): Promise<Pinned> {
  const policy = await must(['apt-cache', 'policy', name], { env: plain() });
  const version = /^ {2}Candidate: (\S+)$/m.exec(policy)?.[1];
  if (version === undefined || version === '(none)') throw new Error(`apt knows no package ${name}`);
  return { name, version };
}

async function refreshLists(): Promise<void> {
  await must(['apt-get', 'update', '-qq'], { env: plain(), timeoutMs: 300_000 });
}

/** What `apt-get install` would bring besides the package itself, by a simulation that changes nothing. */
async function missingDependencies(name: string): Promise<Pinned[]> {
  const plan = await must(
    ['apt-get', 'install', '--simulate', '--no-install-recommends', '--no-upgrade', '-qq', name],
    {
      env: plain(),
    },
  );
  return [...plan.matchAll(/^Inst (\S+) (?:\[\S+\] )?\((\S+) /gm)]
    .map(([, dependency = '', version = '']) => ({ name: dependency, version }))
    .filter((dependency) => dependency.name !== name);
}

/** `<name>_<version>`, with a mark of what else lies in it where there is more. Epochs' colons would split search paths. */
function folderName([main, ...others]: readonly Pinned[]): string {
  if (!main) throw new TypeError('no package');
  const base = `${main.name}_${main.version.replaceAll(':', '%3a')}`;
  if (others.length === 0) return base;
  const list = others.map(({ name, version }) => `${name}=${version}`).sort();
  return `${base}+${createHash('sha256').update(list.join('\n')).digest('hex').slice(0, 12)}`;
}

async function unpackInto(folder: string, packages: readonly Pinned[]): Promise<void> {
  const archives = join(folder, '.archives');
  await mkdir(archives);
  await download(archives, packages);
  for (const file of (await readdir(archives)).sort()) {
    await must(['dpkg-deb', '--extract', join(archives, file), folder]);
  }
  await rm(archives, { recursive: true });
  // The archive's own root entry decides nothing: the folder must be open to the services' unprivileged users.
  await chmod(folder, 0o755);
}

async function download(into: string, packages: readonly Pinned[]): Promise<void> {
  const names = packages.map(({ name, version }) => `${name}=${version}`);
  await must(['apt-get', 'download', '-qq', ...names], { cwd: into, env: plain(), timeoutMs: 600_000 });
}

/** apt's words are parsed, so they must come in English. */
function plain(): NodeJS.ProcessEnv {
  return { ...process.env, LC_ALL: 'C' };
}
