import { createHash } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { cacheFolder, exists, madeOnce } from './cache.ts';
import { command, must } from './command.ts';
import { libraryPath, unpacked } from './packages.ts';

/** A Go release: [major, minor, patch]. */
type Version = readonly [number, number, number];

export interface GoToolchain {
  /** The `go` command. */
  readonly go: string;
  /** Go's own name of the release, e.g. `go1.24.11`. */
  readonly version: string;
  /**
   * The whole environment to run it with. Modules and built packages are kept under `go/` of the cache; everything else
   * (GOPROXY, GOSUMDB, GOPRIVATE …) is what the environment and `go env -w` of this machine say.
   */
  readonly env: NodeJS.ProcessEnv;
}

/** What is fetched where the Go here is older than asked for, or missing. The newest of the line that k8s.io/kubernetes 1.33 is built with. */
const FETCHED = '1.24.11';

/** Where Go's own instructions have it unpacked, which root's path often leaves out (https://go.dev/doc/install). */
const USUAL_PLACE = '/usr/local/go/bin';

/**
 * A Go of at least this release ("1.24" or "1.24.3"): the one on the path or in its usual place where that is new enough. Else
 * the toolchain is fetched through the module proxy as Go does it itself since 1.21, by whatever Go is here, or by Debian's,
 * unpacked and not installed. Throws where none can be had, with the words of the program that failed.
 */
export async function goToolchain(atLeast: string): Promise<GoToolchain> {
  const wanted = goVersion(atLeast);
  if (!wanted) throw new TypeError(`no Go release: ${atLeast}`);
  const here = await onThisMachine();
  if (here && isAtLeast(here.version, wanted)) return here;
  if (!isAtLeast(FETCHED, wanted)) throw new Error(`Go ${atLeast} is needed; ${FETCHED} is the newest that is fetched`);
  const folder = await fetched(here ?? (await debians()));
  return toolchainAt(join(folder, 'bin/go'), { GOROOT: folder });
}

/** Reads `1.24`, `go1.24.11`, `go1.25.1 X:greenteagc` and `devel go1.27-3f2a9c1`; undefined for anything else. */
export function goVersion(text: string): Version | undefined {
  const [, major, minor, patch = '0'] = /(?:^|^go|\bgo)(\d+)\.(\d+)(?:\.(\d+))?(?![\w.])/.exec(text) ?? [];
  return minor === undefined ? undefined : [Number(major), Number(minor), Number(patch)];
}

function isAtLeast(text: string, wanted: Version): boolean {
  const found = goVersion(text);
  if (!found) return false;
  const at = found.findIndex((part, index) => part !== wanted[index]);
  return at < 0 || (found[at] ?? 0) > (wanted[at] ?? 0);
}

async function onThisMachine(): Promise<GoToolchain | undefined> {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), USUAL_PLACE];
  for (const folder of folders.filter(Boolean)) {
    const go = join(folder, 'go');
    if (await exists(go)) return toolchainAt(go);
  }
  return undefined;
}

/** Old, but its `go mod download` is all that is needed of it. Its paths to the sources are relative, so it runs where it lies. */
async function debians(): Promise<GoToolchain> {
  const folder = await unpacked('golang-go', { dependencies: true });
  const lib = join(folder, 'usr/lib');
  const name = (await readdir(lib)).find((entry) => /^go-\d/.test(entry));
  if (name === undefined) throw new Error(`no Go in ${folder}`);
  return toolchainAt(join(lib, name, 'bin/go'), {
    GOROOT: join(lib, name),
    LD_LIBRARY_PATH: await libraryPath(folder),
  });
}

async function toolchainAt(go: string, own: NodeJS.ProcessEnv = {}): Promise<GoToolchain> {
  const env = {
    ...process.env,
    // A newer Go would otherwise fetch yet another one where a go.mod names it.
    GOTOOLCHAIN: 'local',
    GOWORK: 'off',
    // Without it the cache could not be removed by its owner: Go takes away the right to write.
    GOFLAGS: '-modcacherw',
    CGO_ENABLED: '0',
    GOMODCACHE: cacheFolder('go', 'modules'),
    GOCACHE: cacheFolder('go', 'packages'),
    ...own,
  };
  return { go, version: (await must([go, 'env', 'GOVERSION'], { env })).trim(), env };
}

/**
 * A toolchain is a module like any other (golang.org/toolchain), checked against the same sums. A module's zip keeps
 * neither the right to execute nor files named go.mod: both are put back as cmd/go/internal/toolchain/select.go does.
 */
function fetched(by: GoToolchain): Promise<string> {
  const name = `v0.0.1-go${FETCHED}.linux-${process.arch === 'x64' ? 'amd64' : process.arch}`;
  return madeOnce(cacheFolder('go', `toolchain-${name}`), async (folder) => {
    const said = await command([by.go, 'mod', 'download', '-json', `golang.org/toolchain@${name}`], {
      cwd: folder,
      env: by.env,
      timeoutMs: 600_000,
    });
    const { Dir, Error: why } = JSON.parse(said.stdout || '{}') as { Dir?: string; Error?: string };
    if (Dir === undefined) throw new Error(`Go ${FETCHED} cannot be fetched: ${why ?? said.stderr.trim()}`);
    await must(['cp', '-r', '--no-preserve=mode', `${Dir}/.`, folder]);
    for (const path of await readdir(folder, { recursive: true })) {
      if (/^(bin|pkg\/tool\/[^/]+)\/[^/]+$/.test(path)) await chmod(join(folder, path), 0o755);
      if (path.endsWith('/_go.mod'))
        await rename(join(folder, path), join(folder, path.replace(/_go\.mod$/, 'go.mod')));
    }
    await rm(Dir, { recursive: true, force: true });
  });
}

export interface GoProgram {
  /** A folder with go.mod and go.sum, which say what is built down to the last byte. */
  readonly module: string;
  /** Import path of its main package, `.` for the module's own. */
  readonly package: string;
  readonly name: string;
  /** For the linker, e.g. `-X k8s.io/component-base/version.gitVersion=v1.33.4`. */
  readonly ldflags?: string;
  /** 20 minutes unless said otherwise. */
  readonly timeoutMs?: number;
}

/**
 * A program built from published Go modules: built once by what its module's files hold, kept under `go/bin` of the cache.
 * Nothing but what go.sum names is downloaded. Throws what Go said where it cannot be built.
 */
export async function goProgram(program: GoProgram): Promise<string> {
  const { module, name, ldflags = '', timeoutMs = 1_200_000 } = program;
  const files = await sources(module);
  const key = createHash('sha256')
    .update(JSON.stringify([files, program.package, ldflags]))
    .digest('hex')
    .slice(0, 12);
  const folder = await madeOnce(cacheFolder('go', 'bin', `${name}-${key}`), async (fresh) => {
    const release = /^go (\S+)$/m.exec(files['go.mod'] ?? '')?.[1];
    if (release === undefined) throw new TypeError(`${module}/go.mod names no Go release`);
    const { go, env } = await goToolchain(release);
    await mkdir(cacheFolder('go', 'modules'), { recursive: true });
    const output = join(fresh, name);
    const argv = [go, 'build', '-mod=readonly', '-trimpath', '-buildvcs=false', `-ldflags=${ldflags}`, '-o', output];
    await must([...argv, program.package], { cwd: module, env, timeoutMs });
  });
  return join(folder, name);
}

async function sources(module: string): Promise<Record<string, string>> {
  const names = (await readdir(module)).filter((name) => /^go\.(mod|sum)$|\.go$/.test(name)).sort();
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(join(module, name), 'utf8')] as const)),
  );
}
