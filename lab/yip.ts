import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { must } from './command.ts';
import { goProgram } from './go.ts';

/**
 * Which yip: elemental 1.1, of Harvester v1.3 to v1.6 (harvester#6646, harvester#9110), has mudler's v1.4.0; elemental 2,
 * planned for later releases (harvester#10555), rancher's v1.9.6. So says elemental-toolkit's go.mod at v1.1.4 to v1.1.7 and
 * since v2.1.2.
 */
export const GENERATIONS = ['elemental-1', 'elemental-2'] as const;
export type Generation = (typeof GENERATIONS)[number];

const PACKAGES = { 'elemental-1': 'github.com/mudler/yip', 'elemental-2': '.' } as const;

/** The real yip as a program, called `yip -s STAGE DIRECTORY…`. Built once; see goProgram for what that needs. */
export function yip(generation: Generation): Promise<string> {
  const module = fileURLToPath(new URL(`./yip/${generation}`, import.meta.url));
  return goProgram({ module, package: PACKAGES[generation], name: 'yip' });
}

/** A node's disk for the stages to run on: what is written here is all it has in /system, /oem, /usr/local and /var. */
export interface StageNode {
  /** Where a path of the node's lies on this machine. */
  at(path: string): string;
  write(path: string, text: string): Promise<void>;
  /**
   * What elemental's units do at boot before systemd starts a container runtime: `elemental run-stage initramfs`, then `fs`
   * (elemental-setup-{initramfs,fs}.service). In process, network and mount namespaces of its own, with this machine's
   * programs, read-only, and an empty /run. Returns what yip said.
   */
  boot(generation: Generation): Promise<string>;
  dispose(): Promise<void>;
}

/** Needs root. */
export async function stageNode(): Promise<StageNode> {
  const disk = await mkdtemp(join(tmpdir(), 'hayward-stages-'));
  for (const folder of [...OWN, 'root']) await mkdir(join(disk, folder), { recursive: true });
  return {
    at: (path) => join(disk, path),
    async write(path, text) {
      await mkdir(dirname(join(disk, path)), { recursive: true });
      await writeFile(join(disk, path), text);
    },
    async boot(generation) {
      const namespaces = ['--mount', '--pid', '--net', '--uts', '--fork', '--kill-child', '--propagation', 'private'];
      const argv = ['unshare', ...namespaces, 'sh', '-euc', ENTER, 'sh', disk, await yip(generation), RUN_STAGES];
      return must(argv, { timeoutMs: 60_000 });
    },
    dispose: () => rm(disk, { recursive: true, force: true }),
  };
}

const OWN = ['system', 'oem', 'usr/local', 'var'];

const ENTER = `
cd "$1/root"
mount -t tmpfs -o mode=755 tmpfs "$1/root"
cd "$1/root"
for name in usr etc dev bin sbin lib lib32 lib64; do
  if [ -L "/$name" ]; then cp -P "/$name" .
  elif [ -d "/$name" ]; then mkdir "$name"; mount --bind "/$name" "$name"; mount -o remount,bind,ro "$name"
  fi
done
mkdir proc run tmp system oem var
for name in ${OWN.join(' ')}; do mount --bind "$1/$name" "$name"; done
mount -t proc proc proc
: > yip
mount --bind "$2" yip
exec chroot . sh -c "$3" 2>&1
`;

/**
 * As elemental's RunStage (pkg/utils/runstage.go): each stage with its .before and .after over the directories that exist
 * (GetCloudInitPaths), whatever fails. What makes Go panic (status 2) ends the whole of it, for it is one process there.
 */
const RUN_STAGES = `
set --
for directory in /system/oem /oem/ /usr/local/cloud-config/; do
  [ ! -d "$directory" ] || set -- "$@" "$directory"
done
for stage in initramfs fs; do
  for part in $stage.before $stage $stage.after; do
    status=0
    /yip -s $part "$@" || status=$?
    [ "$status" -ne 2 ] || break
  done
done
`;
