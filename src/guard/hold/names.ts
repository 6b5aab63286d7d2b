/**
 * Settings with two names: writing one is writing the other. Found by writing each number below /proc/sys/net of a
 * namespace of its own on Linux 6.18 and reading all others again; each with where the kernel says so.
 *
 * Not here, since their forms differ: the pairs in seconds and milliseconds (ipv6/route/gc_min_interval, neigh/…), and
 * mptcp/pm_type. Nor fs/inotify/max_user_…, which are user/max_inotify_… for processes of the first user namespace only.
 * conf/all/forwarding also sets every interface's own, but that the kernel writes itself, unseen.
 */
const SAME: readonly (readonly [string, string])[] = [
  // net/ipv4/devinet.c: ctl_forward_entry points at the data of conf/all.
  ['net/ipv4/ip_forward', 'net/ipv4/conf/all/forwarding'],
  // net/netfilter/nf_conntrack_standalone.c: nf_ct_netfilter_table and nf_ct_sysctl_table point at nf_conntrack_max.
  ['net/netfilter/nf_conntrack_max', 'net/nf_conntrack_max'],
];

/** All names of a setting, in slashes, the given one first. */
export function namesOf(key: string): readonly string[] {
  return [key, ...SAME.flatMap(([one, other]) => (key === one ? [other] : key === other ? [one] : []))];
}
