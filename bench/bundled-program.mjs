// A benchmark's own program as one file inside the project, where it finds the project's packages.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Bundles TypeScript text, its imports resolved from a folder of the project. */
export function bundledProgram(contents, from) {
  const cache = `${root}node_modules/.cache/hayward-bench`;
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(`${cache}/run-`);
  const file = `${folder}/program.mjs`;
  buildSync({
    stdin: { contents, resolveDir: `${root}${from}`, loader: 'ts' },
    outfile: file,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    packages: 'external',
    logLevel: 'warning',
  });
  return { file, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
