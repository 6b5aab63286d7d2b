import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exists } from '../cache.ts';

/** Where hayward lies inside a machine. */
const INSIDE = '/opt/hayward';

/** The project's own folder. */
const PROJECT = fileURLToPath(new URL('../../', import.meta.url)).replace(/\/$/, '');

/**
 * What of the built product a machine needs, as folders here by the path they get inside: `dist`, `package.json` and
 * the dependencies a user would install. Throws when nothing is built.
 */
export async function productFiles(): Promise<Record<string, string>> {
  if (!(await exists(join(PROJECT, 'dist/cli.js')))) throw new Error('dist/cli.js is missing: run `npm run build`');
  const packages = await installed(PROJECT, new Set());
  const files = ['dist', 'package.json', ...packages.map((name) => `node_modules/${name}`)];
  return Object.fromEntries(files.map((file) => [join(INSIDE, file), join(PROJECT, file)]));
}

/** Dependencies of dependencies, native parts for other platforms (not installed) left out. */
async function installed(folder: string, seen: Set<string>): Promise<string[]> {
  const text = await readFile(join(folder, 'package.json'), 'utf8');
  const manifest: { dependencies?: object; optionalDependencies?: object } = JSON.parse(text);
  const names = Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies });
  for (const name of names) {
    const below = join(PROJECT, 'node_modules', name);
    if (seen.has(name) || !(await exists(below))) continue;
    seen.add(name);
    await installed(below, seen);
  }
  return [...seen];
}
