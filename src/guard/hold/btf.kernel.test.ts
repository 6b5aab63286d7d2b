import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { must } from '../../../lab/command.ts';
import { libraryPath, unpacked } from '../../../lab/packages.ts';
import { readBtf } from './btf.ts';

const BTF = '/sys/kernel/btf/vmlinux';

it('finds the running kernel’s members where bpftool does', async () => {
  const folder = await unpacked('bpftool', { dependencies: true });
  const env = { ...process.env, LD_LIBRARY_PATH: await libraryPath(folder) };
  const dump = await must([`${folder}/usr/sbin/bpftool`, 'btf', 'dump', 'file', BTF, 'format', 'raw'], { env });
  const { member } = readBtf(readFileSync(BTF));
  const ns = offsetIn(dump, 'net', 'ns');
  const expected = {
    nsproxy: offsetIn(dump, 'task_struct', 'nsproxy'),
    comm: offsetIn(dump, 'task_struct', 'comm'),
    tgid: offsetIn(dump, 'task_struct', 'tgid'),
    net: offsetIn(dump, 'nsproxy', 'net_ns'),
    inum: ns + offsetIn(dump, 'ns_common', 'inum'),
  };
  expect({
    nsproxy: member('task_struct', 'nsproxy').offset,
    comm: member('task_struct', 'comm').offset,
    tgid: member('task_struct', 'tgid').offset,
    net: member('nsproxy', 'net_ns').offset,
    inum: member('net', 'ns', 'inum').offset,
  }).toEqual(expected);
  expect([member('task_struct', 'comm').size, member('task_struct', 'tgid').size]).toEqual([16, 4]);
});

/** Of a member that lies in the structure itself, in bytes. */
function offsetIn(dump: string, struct: string, name: string): number {
  const from = dump.indexOf(` STRUCT '${struct}' size=`);
  const members = dump.slice(from, dump.indexOf('\n[', from));
  const bits = new RegExp(`'${name}' type_id=\\d+ bits_offset=(\\d+)`).exec(members)?.[1];
  if (from === -1 || bits === undefined) throw new Error(`bpftool shows no ${struct}.${name}`);
  return Number(bits) / 8;
}
