// The system packages the tests need, by the program that shows that one is there.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { withoutServiceStarts } from './policy-rc.mjs';

/** [program, package, tier that cannot do without]. */
const NEEDED = [
  ['ip', 'iproute2', 'kernel'],
  ['iptables', 'iptables', 'kernel'],
  ['nft', 'nftables', 'kernel'],
  ['ipset', 'ipset', 'kernel'],
  ['conntrack', 'conntrack', 'kernel'],
  ['ping', 'iputils-ping', 'kernel'],
  ['sysctl', 'procps', 'kernel'],
  ['modprobe', 'kmod', 'kernel'],
  ['unshare', 'util-linux', 'kernel'],
  ['ssh', 'openssh-client', 'kernel'],
  ['dnsmasq', 'dnsmasq-base', 'kernel'],
  ['systemd-analyze', 'systemd', 'kernel'],
  ['ipvsadm', 'ipvsadm', 'kernel'],
  ['git', 'git', 'kernel'],
  ['openssl', 'openssl', 'kube'],
  ['setpriv', 'util-linux', 'kube'],
  ['script', 'bsdutils', 'kube'],
  ['busybox', 'busybox-static', 'vm'],
  ['cpio', 'cpio', 'vm'],
  ['xz', 'xz-utils', 'vm'],
  ['mkfs.ext4', 'e2fsprogs', 'vm'],
  ['debootstrap', 'debootstrap', 'vm'],
  ['qemu-system-x86_64', 'qemu-system-x86', 'vm'],
];

const SEARCH_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export const isRoot = () => process.getuid?.() === 0;

function missing() {
  const folders = SEARCH_PATH.split(':');
  return NEEDED.filter(([program]) => !folders.some((folder) => existsSync(`${folder}/${program}`)));
}

function isDebianLike() {
  const release = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
  return /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(release);
}

/**
 * Brings what is missing, where that is possible, and starts no service by it. Returns what still is, as
 * { tier, why } for each program.
 */
export async function bringSystemPackages(say) {
  const wanted = missing();
  if (wanted.length === 0) {
    say('every system package is here');
    return [];
  }
  const packages = wanted.map(([, name]) => name);
  if (!isRoot() || !isDebianLike()) {
    const how = isDebianLike() ? 'as root: apt-get install' : 'install what provides';
    return wanted.map(([program, name, tier]) => ({ tier, why: `${program} is missing (${how} ${name})` }));
  }
  say(`installing ${packages.join(' ')}`);
  await withoutServiceStarts(() => install(packages));
  return missing().map(([program, name, tier]) => ({
    tier,
    why: `${program} is missing: ${name} could not be installed`,
  }));
}

async function install(packages) {
  const argv = ['install', '--yes', '--quiet=2', '--no-install-recommends', ...packages];
  if ((await apt(argv)) === 0) return;
  // No lists yet, or lists that name files the mirror has dropped.
  await apt(['update', '--quiet=2']);
  await apt(argv);
}

async function apt(argv) {
  const environment = {
    ...process.env,
    DEBIAN_FRONTEND: 'noninteractive',
    // Ubuntu's needrestart would restart services after any installation.
    NEEDRESTART_SUSPEND: '1',
    PATH: `${process.env.PATH}:${SEARCH_PATH}`,
  };
  const options = ['-o', 'DPkg::Lock::Timeout=300', '-o', 'Dpkg::Options::=--force-confold'];
  // Not spawnSync: a signal must be noted while apt works, so that it ends the run once the policy is restored.
  const child = spawn('apt-get', [...options, ...argv], { env: environment, stdio: ['ignore', 'ignore', 'inherit'] });
  const [status] = await once(child, 'close');
  return status;
}
