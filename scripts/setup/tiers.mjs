// Which tiers of tests can run on this machine, and why not where one cannot.
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { isRoot } from './system-packages.mjs';

const BRIDGE = '/proc/sys/net/bridge';

function succeeds(program, ...argv) {
  return spawnSync(program, argv, { stdio: 'ignore' }).status === 0;
}

/** What the kernel tests cannot do without, beyond programs. */
function kernelLacks(say) {
  if (!isRoot()) return ['they need root'];
  if (!succeeds('unshare', '--net', 'true')) return ['network namespaces cannot be made here'];
  return bridgeLacks(say);
}

/**
 * br_netfilter is loaded where the machine is a throw-away one of continuous integration, and set to 0 there: without the module
 * bridged frames met no rules either.
 */
function bridgeLacks(say) {
  if (existsSync(BRIDGE)) return [];
  if (process.env.CI === 'true' && succeeds('modprobe', 'br_netfilter')) {
    for (const family of ['iptables', 'ip6tables', 'arptables'])
      writeFileSync(`${BRIDGE}/bridge-nf-call-${family}`, '0');
    say('br_netfilter loaded, and set to 0 for this machine');
    return [];
  }
  return ['br_netfilter is not loaded (modprobe br_netfilter; it sets bridge-nf-call-iptables to 1 on this machine)'];
}

/** They build Kubernetes, and make namespaces and bridges to put it in. An old Go fetches the one that is needed, and Debian's is taken where there is none (lab/go.ts). */
function kubeLacks(say) {
  if (!isRoot()) return ['they need root'];
  if (succeeds('go', 'version') || succeeds('apt-get', '--version')) return bridgeLacks(say);
  return ['they build Kubernetes, and there is neither Go here nor apt to bring it'];
}

function vmLacks() {
  if (!isRoot()) return ['they need root'];
  if (process.arch !== 'x64') return [`they boot Debian's amd64 kernel, and this machine is ${process.arch}`];
  const known = () => succeeds('apt-cache', 'show', '--no-all-versions', 'linux-image-amd64');
  // A container image comes without apt's lists.
  const found = known() || (succeeds('apt-get', 'update', '-qq') && known());
  return found ? [] : ["apt knows no linux-image-amd64: they need Debian's archive"];
}

/** By tier, the reasons why it cannot run; an empty list where it can. */
export function lacking(missingPrograms, say) {
  const programs = (tier) => missingPrograms.filter((one) => one.tier === tier).map((one) => one.why);
  const kernel = [...programs('kernel'), ...kernelLacks(say)];
  const kube = [...programs('kernel'), ...programs('kube'), ...kubeLacks(say)];
  return { unit: [], kernel, kube, vm: [...programs('kernel'), ...programs('vm'), ...vmLacks()] };
}
