/**
 * Where programs are looked for on every kind of host: root's search path, system directories before the rest, then the
 * directory in which RKE2 keeps crictl, kubectl and ctr. It is fixed rather than inherited, so that the same node gives
 * the same answers through every host, and so that nothing a user put on a path of his own is run as root.
 */
export const SEARCH_PATH: readonly string[] = [
  '/usr/local/sbin',
  '/usr/local/bin',
  '/usr/sbin',
  '/usr/bin',
  '/sbin',
  '/bin',
  '/var/lib/rancher/rke2/bin',
];
