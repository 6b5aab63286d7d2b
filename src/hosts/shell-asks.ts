import { criSource } from './ask.ts';
import type { Plan, RunPlan } from './plan.ts';

const LEASES_TIMEOUT_MS = 30_000;
const RUNTIME_TIMEOUT_MS = 20_000;

/**
 * What lease-files.ts does, by a POSIX shell, find and grep (GNU's and busybox's alike): files are handled by the
 * thousand in a handful of processes. Names that are no addresses, with newlines or worse, are counted and never printed.
 */
const LEASES = String.raw`d=$1
m=$(ls -d "$d/." 2>&1 >/dev/null) || { printf '%s\n' "$m" >&2; case $m in *ermission*) exit 126;; esac; exit 127; }
cd "$d" && ls . >/dev/null || exit 126
for n in *; do
  case $n in [!A-Za-z0-9]*|*[!A-Za-z0-9_.-]*) continue;; esac
  [ -d "$n" ] || continue
  echo "network $n"
  if [ -L "$n" ]; then echo "unreadable link $n"; continue; fi
  if [ ! -r "$n" ] || [ ! -x "$n" ]; then echo "unreadable denied $n"; continue; fi
  find "$n" -mindepth 1 -maxdepth 1 ! -name lock ! -name 'last_reserved_ip.*' \( ! -type f -o -name '*[!0-9A-Fa-f.:]*' \) \
    -exec sh -c 'n=$1; shift; echo "foreign $# $n"' sh "$n" {} + 2>/dev/null
  find "$n" -mindepth 1 -maxdepth 1 -type f ! -name '*[!0-9A-Fa-f.:]*' -exec stat -c 'lease %Y %s %n' {} + 2>/dev/null
  find "$n" -mindepth 1 -maxdepth 1 -type f ! -name '*[!0-9A-Fa-f.:]*' -size -3 \
    -exec grep -a '' /dev/null {} + 2>/dev/null | sed 's/^/held /'
  find "$n" -mindepth 1 -maxdepth 1 -type f ! -name '*[!0-9A-Fa-f.:]*' \
    -exec sh -c 'n=$1; shift; for f do [ -r "$f" ] || { echo "unreadable denied $n"; exit; }; done' sh "$n" {} + 2>/dev/null
done
exit 0`;

/**
 * The node's own crictl. RKE2 and k3s keep it out of the search path. No runtime at all (exit status 127) is `absent`. The
 * list has no addresses, so those that are ready are asked for theirs: one process, a question each; one that is gone by
 * then ends that, and the rest is listed without. crictlAnswer puts the parts together.
 */
const SANDBOXES = `s=$1
if [ -z "$s" ]; then
  for f in /run/k3s/containerd/containerd.sock /run/containerd/containerd.sock /var/run/crio/crio.sock; do
    if [ -S "$f" ]; then s=$f; break; fi
  done
  [ -n "$s" ] || { echo 'no container runtime has its socket in one of the known places' >&2; exit 127; }
fi
PATH=$PATH:/var/lib/rancher/rke2/bin:/usr/local/bin
if command -v crictl >/dev/null; then c=crictl
elif command -v k3s >/dev/null; then c='k3s crictl'
else echo 'crictl is not installed on the node' >&2; exit 1; fi
ask() { $c --runtime-endpoint "unix://$s" --timeout 15s "$@"; }
l=$(ask pods -o json) || exit
printf 'socket %s\n%s\ninspected\n' "$s" "$l"
r=$(ask pods -q --no-trunc --state ready 2>/dev/null)
[ -z "$r" ] || ask inspectp -q -o json $r 2>/dev/null
exit 0`;

/** A plan for a host that is a shell: leases and runtimes become commands, the runtimes after everything else. */
export function inShell(plan: Plan): Plan {
  const leases = plan.leases.map((directory) => script(LEASES, directory, directory, LEASES_TIMEOUT_MS));
  const runtimes = plan.runtimes.map((socket) =>
    script(SANDBOXES, socket, criSource(socket || undefined), RUNTIME_TIMEOUT_MS),
  );
  return { ...plan, runs: [...leases, ...plan.runs, ...runtimes] };
}

function script(text: string, argument: string, as: string, timeoutMs: number): RunPlan {
  return { kind: 'run', argv: ['sh', '-c', text, 'sh', argument], as, timeoutMs };
}
