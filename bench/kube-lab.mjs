// What the benchmarks share that start a real API server.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const LAB = fileURLToPath(new URL('../lab/kube', import.meta.url));

/** The lab is TypeScript: bundles what `contents` exports of lab/kube into a folder, so that it finds the lab's files where they are. */
export async function bundledLab(folder, contents) {
  const outfile = join(folder, 'lab.cjs');
  const banner = { js: `const __lab = ${JSON.stringify(pathToFileURL(join(LAB, 'programs.ts')).href)};` };
  const define = { 'import.meta.url': '__lab' };
  const stdin = { contents, resolveDir: LAB, loader: 'ts' };
  await build({ stdin, outfile, bundle: true, format: 'cjs', platform: 'node', banner, define });
  return createRequire(import.meta.url)(outfile);
}
