/**
 * What the kernel changes along with a setting, as globs below /proc/sys: what a before-image must hold so that
 * undo leaves all of /proc/sys/net as it was. Measured on 6.18 by writing every setting in a namespace with several
 * interfaces and comparing the whole tree; `execute.kernel.test.ts` measures it again for each key named here.
 *
 * - ipv4 `conf/default/X` also sets X of every interface whose X was never written by hand (devinet_copy_dflt_conf).
 * - ipv6 `conf/all/X` sets X of every interface and of `default` for forwarding, force_forwarding, disable_ipv6,
 *   addr_gen_mode and others.
 * - ip_forward *is* conf/all/forwarding; either sets conf.*.forwarding, and conf.all.accept_redirects to its
 *   opposite (inet_forward_change). All accept_redirects are kept, for kernels that change more of them.
 */
export function companionGlobs(key: string): readonly string[] {
  if (key === 'net/ipv4/ip_forward' || key === 'net/ipv4/conf/all/forwarding') {
    return ['net/ipv4/ip_forward', 'net/ipv4/conf/*/forwarding', 'net/ipv4/conf/*/accept_redirects'];
  }
  const match = /^net\/(ipv4|ipv6)\/conf\/(?:all|default)\/([^/]+)$/.exec(key);
  if (!match) return [];
  const own = `net/${match[1]}/conf/*/${match[2]}`;
  return match[2] === 'forwarding' && match[1] === 'ipv6' ? [own, 'net/ipv6/conf/*/force_forwarding'] : [own];
}

/**
 * The order in which companions are written back: `all`, then `default`, then the interfaces, because each of the
 * former may change the latter.
 */
export function restoreOrder(keys: readonly string[]): readonly string[] {
  return [...keys].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

function rank(key: string): number {
  if (!key.includes('/conf/')) return 0;
  if (key.includes('/conf/all/')) return 1;
  return key.includes('/conf/default/') ? 2 : 3;
}
