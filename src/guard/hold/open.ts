import { closeSync, openSync, readFileSync } from 'node:fs';
import { known, type Reading, type Unknown, unknown } from '../../hosts/reading.ts';
import { codeOf, reasonFor } from '../../hosts/system-errors.ts';
import { type Attachment, attach } from './attach.ts';
import { type Bpf, BpfError, loadBpf } from './bpf.ts';
import { readBtf } from './btf.ts';
import { findCgroup, ownCgroup } from './cgroups.ts';
import type { OpenHold } from './hold.ts';
import { type Config, configBytes } from './layout.ts';
import { ONLY } from './maps.ts';
import type { KernelOffsets } from './program.ts';
import { runHold } from './run.ts';
import { tryProgram } from './trial.ts';

const BTF = '/sys/kernel/btf/vmlinux';
/** Bits of CapEff in proc(5)'s status: SYS_ADMIN alone does, else the three. */
const SYS_ADMIN = 1n << 21n;
const THREE = (1n << 12n) | (1n << 38n) | (1n << 39n);
const NEEDS = 'needs CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN';

/**
 * Attaches the program, or takes over the one an earlier guard left attached: at once where its maps are of this layout,
 * else with the first `set`, so that at no moment nothing is held. Holds from then on, until `mode` says otherwise.
 *
 * Unknown: `absent` without BTF or a cgroup v2 root, `denied` without the permissions, `failed` else, e.g. where the
 * verifier refuses the program (kernels before 5.10) or an exclusive program is attached.
 */
export const openHold: OpenHold = (options) => {
  const bpf = loadBpf();
  if (!bpf.known) return bpf;
  const offsets = kernelOffsets();
  if (!offsets.known) return offsets;
  const mount = findCgroup();
  if (!mount.known) return mount;
  const own = ownCgroup(mount.value);
  if (!own.known) return own;
  const source = `bpf(2) on ${options.cgroup}`;
  let attachment: Attachment | undefined;
  try {
    const trial = tryProgram(bpf.value, offsets.value, own.value);
    attachment = attach(bpf.value, offsets.value, options);
    const { netns } = options;
    const hold = attachment.before?.hold ?? true;
    const config: Config = { beat: bpf.value.now(), netns, guard: trial.pid, hold, replaces: trial.replaces };
    bpf.value.update(attachment.maps.config, ONLY, configBytes(config));
    return known(runHold({ bpf: bpf.value, attachment, config, mount: mount.value, options }), source);
  } catch (error) {
    attachment?.close();
    return refusal(bpf.value, error, options.cgroup);
  }
};

/** Where the running kernel has what the program reads. The 5 to 10 MB are given back when this returns. */
export function kernelOffsets(path = BTF): Reading<KernelOffsets> {
  try {
    const { member } = readBtf(readFileSync(path));
    const offsets = {
      taskNsproxy: member('task_struct', 'nsproxy').offset,
      taskComm: member('task_struct', 'comm').offset,
      taskTgid: member('task_struct', 'tgid').offset,
      nsproxyNet: member('nsproxy', 'net_ns').offset,
      netInum: member('net', 'ns', 'inum').offset,
    };
    return known(offsets, path);
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? reasonFor(codeOf(error)) : 'failed';
    return unknown(reason, path, error instanceof Error ? error.message : String(error));
  }
}

/** What a refusal by the kernel means. Its verifier says EACCES and EINVAL of programs, too. */
function refusal(bpf: Bpf, error: unknown, cgroup: string): Unknown {
  const source = `bpf(2) on ${cgroup}`;
  const message = error instanceof Error ? error.message : String(error);
  if (!isPrivileged()) return unknown('denied', source, `${message}; ${NEEDS}`);
  if (!(error instanceof BpfError)) return unknown(reasonFor(codeOf(error)), source, message);
  // The program was loaded, so it is not the permissions: another program is attached that bears none beside it.
  if (error.call === 'bpf(BPF_LINK_CREATE)' && error.code === 'EPERM')
    return unknown('failed', source, `another program is attached alone there: ${attachedTo(bpf, cgroup)}`);
  if (error.call === 'bpf(BPF_OBJ_PIN)' && error.code === 'EPERM')
    return unknown('failed', source, `${message}: not on a bpf file system`);
  if (/ helper | func bpf_probe_read_kernel/.test(message))
    return unknown('denied', source, `${message}; the kernel is locked down, or older than 5.10`);
  return unknown(error.code === 'EPERM' ? 'denied' : 'failed', source, message);
}

function isPrivileged(): boolean {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  const bits = BigInt(`0x${effective ?? '0'}`);
  return (bits & SYS_ADMIN) !== 0n || (bits & THREE) === THREE;
}

function attachedTo(bpf: Bpf, cgroup: string): string {
  const directory = openSync(cgroup, 'r');
  try {
    const programs = bpf.attached(directory, 'effective').map(({ id, name }) => `${name || 'without a name'} (${id})`);
    return programs.join(', ') || 'unseen';
  } finally {
    closeSync(directory);
  }
}
