import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SHELLS, shellTransport } from '../../test/shell-transport.ts';
import type { ActingHost } from './host.ts';
import { localHost } from './local.ts';
import { sshHost } from './ssh.ts';

/** A file system of the test's own, too small and then read-only, and the kernel's own refusals. */
describe.each(['local', ...SHELLS.filter((shell) => existsSync(shell))])(
  'what the kernel refuses through %s',
  (kind) => {
    let folder: string;
    let host: ActingHost;
    let remove = (): void => undefined;

    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'hayward-small-'));
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder]);
      if (kind === 'local') {
        host = localHost();
        return;
      }
      const transport = shellTransport(kind);
      remove = transport.remove;
      // In a network namespace of its own, where settings may be written.
      host = sshHost('node', { sshCommand: ['unshare', '--net', ...transport.sshCommand], sudo: false });
    });
    afterEach(() => {
      execFileSync('umount', [folder]);
      rmSync(folder, { recursive: true });
      remove();
    });

    it('is told for a full disk, and the file stands as it was', async () => {
      const path = join(folder, 'file');
      writeFileSync(path, 'before');
      const large = Buffer.alloc(200_000, 'x');
      await expect(host.writeFile(path, large, { mode: 0o644 })).rejects.toMatchObject({
        code: 'ENOSPC',
        message: `write ${path}: No space left on device (ENOSPC)`,
      });
      expect(readFileSync(path, 'utf8')).toBe('before');
      expect(readdirSync(folder)).toEqual(['file']);
    });

    it('is told for a read-only file system', async () => {
      const path = join(folder, 'file');
      writeFileSync(path, 'before');
      execFileSync('mount', ['-o', 'remount,ro', folder]);
      const refusal = { code: 'EROFS', message: expect.stringContaining('Read-only file system') };
      await expect(host.writeFile(path, Buffer.from('x'), { mode: 0o644 })).rejects.toMatchObject(refusal);
      await expect(host.writeFile(join(folder, 'a/b'), Buffer.from('x'), { mode: 0o644 })).rejects.toMatchObject(
        refusal,
      );
      await expect(host.makeLink(join(folder, 'link'), 'x')).rejects.toMatchObject(refusal);
      await expect(host.removeFile(path)).rejects.toMatchObject(refusal);
      await expect(host.writeSetting(path, '1')).rejects.toMatchObject(refusal);
    });

    it('is told for a setting that cannot be written', async () => {
      await expect(host.writeSetting('/proc/sys/kernel/osrelease', 'x')).rejects.toMatchObject({ code: 'EACCES' });
      await expect(host.writeSetting('/proc/sys/net/no-such-key', '1')).rejects.toMatchObject({ code: 'ENOENT' });
    });

    // The local host is this machine, whose settings no test changes.
    if (kind !== 'local') {
      it('is told for a value that the kernel does not take', async () => {
        await expect(host.writeSetting('/proc/sys/net/ipv4/ip_forward', 'neither')).rejects.toMatchObject({
          code: 'EINVAL',
          message: 'write /proc/sys/net/ipv4/ip_forward: Invalid argument (EINVAL)',
        });
        await host.writeSetting('/proc/sys/net/ipv4/ip_forward', '1');
      });
    }
  },
);
