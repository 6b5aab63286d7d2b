import { shellWord } from '../hosts/shell-text.ts';

/** What the script is made for on one node. */
export interface BeforeStartOptions {
  /** host-local's data directories, each with the networks below it. */
  readonly dataDirs: readonly string[];
  /** Runtime sockets besides the known places. */
  readonly sockets?: readonly string[];
}

/** Where RKE2, k3s, containerd, CRI-O and cri-dockerd listen. */
const SOCKETS = [
  '/run/k3s/containerd/containerd.sock',
  '/run/containerd/containerd.sock',
  '/var/run/crio/crio.sock',
  '/run/cri-dockerd.sock',
  '/run/docker/containerd/containerd.sock',
];

/**
 * Gives every address back before the container runtime starts, as plain POSIX shell: nothing else is needed on the node,
 * and nothing of it (Node, hayward) may be there yet.
 *
 * It never looks at a file's time, because a machine with a dead clock boots in the past. Instead it proves that no Pod can
 * be alive: no runtime's socket, no container's keeper, no process in another network namespace, no namespace made by a
 * CNI plugin. Whatever cannot be looked at counts as alive, and then nothing is touched. It is told apart by its unit alone:
 * systemd's PrivateNetwork services (hostnamed, as NetworkManager starts it) sit in a namespace that holds the loopback and
 * nothing else.
 *
 * Only regular files that are named like an address and hold an id go; `lock`, `last_reserved_ip.*` and strangers' files
 * stay. No name is ever read as an option, a pattern or several words.
 */
export function beforeStartScript({ dataDirs, sockets = [] }: BeforeStartOptions): string {
  const places = [...new Set([...SOCKETS, ...sockets])].map(shellWord).join(' ');
  return `LC_ALL=C
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
umask 077
leave() { echo "hayward: no lease was touched: $1" >&2; exit 0; }

for socket in ${places}; do
  [ ! -S "$socket" ] || leave "$socket is there: a container runtime may be running"
done
if [ -r /proc/net/unix ]; then
  while read -r _ _ _ _ _ _ _ name; do
    case $name in
      */containerd.sock | */crio.sock | */cri-dockerd.sock) leave "something listens at $name" ;;
    esac
  done </proc/net/unix
fi
for name in /run/netns/cni-* /var/run/netns/cni-*; do
  [ ! -e "$name" ] || leave "$name is there: a Pod's network namespace"
done

# Whether a process in another network namespace is a systemd service of the node with a loopback alone.
lonely_service() {
  while read -r line; do
    case $line in
      *:*/kubepods*) return 1 ;;
      *:/system.slice/rke2* | *:/system.slice/k3s* | *:/system.slice/kubelet* | *:/system.slice/containerd* | *:/system.slice/cri*) return 1 ;;
      0::/system.slice/*.service | *:name=systemd:/system.slice/*.service) lonely=yes ;;
    esac
  done <"$1/cgroup" || return 1
  [ "$lonely" = yes ] || return 1
  while read -r link _; do
    case $link in
      Inter-* | face | lo:*) ;;
      *) return 1 ;;
    esac
  done <"$1/net/dev" || return 1
}

own=$(readlink /proc/self/ns/net) && [ -n "$own" ] || leave "/proc/self/ns/net cannot be read"
seen=0
for process in /proc/[0-9]*; do
  namespace=$(readlink "$process/ns/net" 2>/dev/null) || namespace=
  if [ -z "$namespace" ]; then
    [ -d "$process" ] || continue
    # A process that has ended, and waits to be collected, is in no namespace any more.
    state=
    read -r state <"$process/stat" 2>/dev/null || continue
    case \${state##*) } in Z* | X*) continue ;; esac
    leave "the network namespace of process \${process#/proc/} cannot be read"
  fi
  seen=$((seen + 1))
  name=
  read -r name <"$process/comm" 2>/dev/null || [ -n "$name" ] || continue
  case $name in
    containerd-shim* | conmon*) leave "process \${process#/proc/} ($name) keeps a container" ;;
  esac
  [ "$namespace" = "$own" ] && continue
  lonely=
  lonely_service "$process" 2>/dev/null || leave "process \${process#/proc/} ($name) runs in another network namespace"
done
[ "$seen" -gt 0 ] || leave "no process can be seen in /proc"

# Names made of digits, dots and colons alone: no blank, quote or newline is in one. A file beyond 4 KB is no lease.
leases() {
  find . ! -name . -prune -type f -size -9 -name '*[.:]*' ! -name '*[!0-9a-fA-F.:]*' | while read -r file; do
    case \${file#./} in
      *:* | [0-9]*.[0-9]*.[0-9]*.[0-9]*) ;;
      *) continue ;;
    esac
    id=
    read -r id <"$file" || [ -n "$id" ] || continue
    case \${id%"$return"} in
      '' | *[!A-Za-z0-9_.-]*) ;;
      *) echo "$file" ;;
    esac
  done
}
give_back() {
  cd "$1" || { echo "hayward: $1 cannot be entered" >&2; return; }
  names=$(leases)
  [ -n "$names" ] || return 0
  count=$(($(echo "$names" | wc -l)))
  echo "$names" | xargs rm -f || { echo "hayward: leases of $1 could not be removed" >&2; return; }
  echo "hayward: gave back $count addresses in $1, which nothing can be using yet"
}

return=$(printf '\\r')
flock=
for place in /usr/bin/flock /bin/flock /usr/sbin/flock; do
  if [ -x "$place" ]; then flock=$place; fi
done
for data in ${dataDirs.map(shellWord).join(' ')}; do
  for network in "$data"/*; do
    [ -d "$network" ] && [ ! -L "$network" ] || continue
    if [ -n "$flock" ] && [ -f "$network/lock" ] && [ ! -L "$network/lock" ]; then
      ( "$flock" -n 9 || { echo "hayward: $network/lock is held: its leases are left alone" >&2; exit 0; }
        give_back "$network" ) 9<"$network/lock"
    else
      ( give_back "$network" )
    fi
  done
done
exit 0
`;
}
