// What the benchmarks share that start a real API server.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const LAB = fileURLToPath(new URL('../lab/kube', import.meta.url));

/** In a bundle there is one URL for all files: each is given the one it has by itself, by which it finds what lies beside it. */
const OWN_URLS = {
  name: 'own URLs',
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const url = JSON.stringify(pathToFileURL(path).href);
      return { contents: (await readFile(path, 'utf8')).replaceAll('import.meta.url', url), loader: 'ts' };
    });
  },
};

/** The lab is TypeScript: bundles what `contents` exports of lab/kube into a folder. */
export async function bundledLab(folder, contents) {
  const outfile = join(folder, 'lab.cjs');
  const stdin = { contents, resolveDir: LAB, loader: 'ts' };
  const plugins = [OWN_URLS];
  await build({ stdin, outfile, bundle: true, format: 'cjs', platform: 'node', external: ['koffi'], plugins });
  return createRequire(import.meta.url)(outfile);
}
