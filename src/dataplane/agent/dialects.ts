/** How an image is spoken with: its command lines for what echoes, what asks, and what waits. */
export interface Dialect {
  readonly name: 'hayward' | 'shell';
  echo(port: number): readonly string[];
  /** Reads the questions on standard input. */
  readonly ask: readonly string[];
  wait(seconds: number): readonly string[];
}

/** Of an image that carries hayward (deploy/image): its entry point takes the arguments. */
export const HAYWARD: Dialect = {
  name: 'hayward',
  echo: (port) => ['hayward', 'dataplane-agent', 'echo', '--port', String(port)],
  ask: ['hayward', 'dataplane-agent', 'ask'],
  wait: (seconds) => ['hayward', 'dataplane-agent', 'wait', String(seconds)],
};

/**
 * Of any image with a POSIX shell and busybox: TCP by `nc`, DNS by `nslookup`. UDP is not echoed: busybox's nc serves one asker alone,
 * and it sends 1024 octets at a time, which fill no packet (networking/nc.c); so both are told as not collected. Each question has a
 * process, a few at once; time by /proc/uptime, to 10 ms.
 */
const ASK = `
at=8 limit=1 n=0
dev=$(awk '$2 == "00000000" { print $1; exit }' /proc/net/route 2>/dev/null)
mtu=$(cat "/sys/class/net/\${dev:-eth0}/mtu" 2>/dev/null) && echo "mtu $mtu"
domain=$(awk '$1 == "search" { for (i = 2; i <= NF; i++) if ($i ~ /^svc\\./) { print $i; exit } }' /etc/resolv.conf 2>/dev/null)
now() { awk '{ print int($1 * 1000) }' /proc/uptime; }
tcp() {
  from=$(now); got=$(echo hayward | timeout "$limit" nc "$2" "$3" 2>&1)
  case $got in
    hayward) echo "answered $1 $(($(now) - from))" ;;
    *refused*) echo "lost $1 connection refused" ;;
    *) echo "lost $1 no answer in $limit s" ;;
  esac
}
dns() {
  from=$(now); said=$(timeout "$limit" nslookup "kubernetes.default.\${domain:-svc.cluster.local}" "$2" 2>&1)
  case $said in
    *SERVFAIL*) echo "lost $1 answered SERVFAIL" ;;
    *REFUSED*) echo "lost $1 answered REFUSED" ;;
    *FORMERR*|*NOTIMP*) echo "lost $1 answered with an error" ;;
    *"onnection refused"*) echo "lost $1 connection refused" ;;
    *"an't find"*|*NXDOMAIN*|*Name:*) echo "answered $1 $(($(now) - from))" ;;
    *) echo "lost $1 no answer in $limit s" ;;
  esac
}
while read -r word id means size address port; do
  case $word in
    timeout) limit=$(((id + 999) / 1000)) ;;
    probe)
      case "$means $size" in
        "tcp small") tcp "$id" "$address" "$port" & n=$((n + 1)) ;;
        "dns-udp small") dns "$id" "$address" & n=$((n + 1)) ;;
        *) echo "unknown $id a shell has no means for $means $size; an image of hayward has" ;;
      esac
      [ $n -ge $at ] && wait && n=0 ;;
    go) break ;;
  esac
done
wait
echo done
`;

export const SHELL: Dialect = {
  name: 'shell',
  echo: (port) => ['nc', '-ll', '-p', String(port), '-e', 'cat'],
  ask: ['sh', '-c', ASK],
  wait: (seconds) => ['sleep', String(seconds)],
};
