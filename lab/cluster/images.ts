import { copyFile, cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { must } from '../command.ts';
import { writeOciImage } from '../runtime/oci-image.ts';
import { copyProgram } from '../vm/initramfs.ts';
import { busybox } from '../vm/kernel.ts';
import { productFiles } from '../vm/product.ts';

/** Each node has both; nothing is ever pulled. */
export const HAYWARD_IMAGE = 'hayward.test/hayward:1';
export const COREDNS_IMAGE = 'hayward.test/coredns:1';

/** hayward as it is built now, Node as it runs the tests, and busybox for a shell and what belongs to one. */
export async function writeHaywardImage(target: string): Promise<void> {
  await withRoot(async (root) => {
    for (const folder of ['bin', 'etc', 'tmp']) await mkdir(join(root, folder));
    await installBusybox(join(root, 'bin'));
    await copyProgram(root, process.execPath);
    await writeFile(join(root, 'bin/hayward'), LAUNCHER, { mode: 0o755 });
    for (const [path, from] of Object.entries(await productFiles())) {
      await mkdir(join(root, dirname(path)), { recursive: true });
      await cp(from, join(root, path), { recursive: true, dereference: true });
    }
    const entrypoint = ['/bin/node', '/opt/hayward/dist/cli.js'];
    await writeOciImage(target, { name: HAYWARD_IMAGE, root, entrypoint, env: { PATH: '/bin', HOME: '/tmp' } });
  });
}

/** By its name on the path, as in deploy/image. */
const LAUNCHER = '#!/bin/sh\nexec /bin/node /opt/hayward/dist/cli.js "$@"\n';

/** With its programs by their names, as an image of a distribution has them. */
async function installBusybox(folder: string): Promise<void> {
  const program = join(folder, 'busybox');
  await copyFile(await busybox(), program);
  const names = (await must([program, '--list'])).split('\n').filter((name) => name !== '' && name !== 'busybox');
  await Promise.all(names.map((name) => symlink('busybox', join(folder, name))));
}

/** CoreDNS alone in its root. */
export async function writeCoreDnsImage(target: string, program: string): Promise<void> {
  await withRoot(async (root) => {
    await copyFile(program, join(root, 'coredns'));
    await writeOciImage(target, { name: COREDNS_IMAGE, root, entrypoint: ['/coredns'] });
  });
}

async function withRoot(use: (root: string) => Promise<void>): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'hayward-image-root-'));
  try {
    await use(root);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}
