import { Document } from 'yaml';
import { headerFor } from './naming.ts';
import type { FileToWrite } from './wanted.ts';

/**
 * The cloud-init file (mudler/yip's form) that makes files anew at each boot of an image-based system, where /etc is not
 * kept. Stage `initramfs`: it runs on the new root before its systemd starts, so that systemd-modules-load, udev and
 * systemd-sysctl read the files as on any other system; `boot` and `network` would come after them. The values
 * are not set by yip's own `sysctl:`, which splits keys at every dot (an interface's too) and is followed by
 * systemd-sysctl, which would have the last word.
 */
export function oemFile(files: readonly FileToWrite[], name: string, problemId: string): FileToWrite[] {
  if (files.length === 0) return [];
  const document = new Document({
    name: `hayward: ${problemId}`,
    stages: {
      initramfs: [
        {
          name: `Files that keep what hayward set for ${problemId}`,
          files: files.map(({ path, content, mode }) => ({ path, permissions: mode, owner: 0, group: 0, content })),
        },
      ],
    },
  });
  const why = 'At each boot it makes the files below, which systemd then reads; /etc is not kept here.';
  return [
    {
      // After the vendor's own files, which are read in this order.
      path: `/oem/99_hayward_${name.replace(/[.-]/g, '_')}.yaml`,
      content: headerFor(problemId, why) + document.toString({ lineWidth: 0 }),
      mode: 0o644,
    },
  ];
}
