import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

/** A program of a test's own: a TypeScript file, or text whose imports are resolved from a folder. */
export type ProgramSource = { readonly entry: string } | { readonly contents: string; readonly from: string };

/** A program as one file that node runs; it finds the project's packages from where it lies. */
export interface BundledProgram {
  readonly file: string;
  remove(): void;
}

const CACHE = fileURLToPath(new URL('../node_modules/.cache/hayward-test-programs', import.meta.url));

/** Bundles a program into an ES module; what it imports of packages has to be found from there. */
export function bundleInto(outfile: string, source: ProgramSource): void {
  buildSync({
    ...('entry' in source
      ? { entryPoints: [source.entry] }
      : { stdin: { contents: source.contents, resolveDir: source.from, loader: 'ts' } }),
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    packages: 'external',
    logLevel: 'silent',
  });
}

/** The same in a new folder inside the project, which any user may read: some tests run their program as nobody. */
export function bundledProgram(source: ProgramSource): BundledProgram {
  mkdirSync(CACHE, { recursive: true });
  const folder = mkdtempSync(`${CACHE}/run-`);
  chmodSync(folder, 0o755);
  const file = `${folder}/program.mjs`;
  bundleInto(file, source);
  return { file, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
