import { posix } from 'node:path';
import type { CreateLocked, RemoveLocked, RunOptions, WriteOptions } from './host.ts';
import { printing, quoted } from './shell-text.ts';

/**
 * The scripts that change a node. A step that fails ends its script with a `trouble` frame that holds the program's words;
 * they are functions of the arguments alone, and hold them quoted. busybox's mv takes a link to a directory for that directory
 * and refuses: there alone the link is removed first.
 */
const STEP = `step() {
  e=$("$@" 2>&1 >/dev/null </dev/null) || { tell trouble "\${e:-$1 failed}"; return 1; }
}
place() {
  e=$(mv -f -T "$t" "$p" 2>&1 </dev/null) && return
  if [ -L "$p" ] && [ -d "$p" ]; then
    step rm -f "$p" && step mv -f -T "$t" "$p"
    return
  fi
  tell trouble "$e"
  return 1
}
settled() { sync "$1" 2>/dev/null || sync; }`;

/** Answers `link`, `directory`, `special`, or `ls` and `content` of a file of at most `maxBytes`. */
export function statScript(path: string, maxBytes: number): string {
  return `p=${quoted(path)}
if [ -L "$p" ]; then say link; "$READLINK" "$p" >&3
elif [ -d "$p" ]; then say directory
elif [ -f "$p" ]; then
  say ls; "$LS" -ldn "$p" >&3
  readable "$p" || return
  say content
  e=$("$HEAD" -c ${maxBytes + 1} "$p" 2>&1 >&3)
  tell said "$e"
elif [ -e "$p" ]; then say special
else why "$p"
fi`;
}

/** Answers a setting's `content`. */
export function readScript(path: string): string {
  return `p=${quoted(path)}
readable "$p" || return
say content
e=$("$CAT" "$p" 2>&1 >&3)
tell said "$e"`;
}

/** dd makes one write(2) of one read(2), and says in the system's words what was wrong with it. */
export function writeSettingScript(path: string, value: string): string {
  return `p=${quoted(path)}
[ -e "$p" ] || { tell trouble "$( { : <"$p"; } 2>&1 )"; return; }
e=$(printf '%s\\n' ${quoted(value)} | dd of="$p" bs=65536 conv=notrunc 2>&1) || tell trouble "$(printf '%s' "$e" | grep ':')"`;
}

/** Writes beside the path, syncs, and renames over it, as the local host does. */
export function writeFileScript(path: string, content: Uint8Array, options: WriteOptions, freshName: string): string {
  const { mode, uid = '', gid = '' } = options;
  return placed(
    path,
    freshName,
    `u=${uid} g=${gid}
if [ -f "$p" ] && [ ! -L "$p" ]; then o=$("$LS" -ldn "$p"); set -- $o; u=\${u:-$3} g=\${g:-$4}; fi
e=$( { umask 077; {
${printing(content)}
} | dd of="$t" bs=65536; } 2>&1 ) || { tell trouble "$(printf '%s' "$e" | grep ':')"; return; }
if [ -n "$u$g" ]; then step chown "$u\${g:+:$g}" "$t" || return; fi
step chmod ${mode.toString(8)} "$t" || return
settled "$t"
place || return
settled "$d"`,
  );
}

/** Makes a symbolic link under another name and renames it over the path. */
export function linkScript(path: string, target: string, freshName: string): string {
  return placed(path, freshName, `step ln -s -- ${quoted(target)} "$t" && place && settled "$d"`);
}

/**
 * Makes the parents and names a temporary file `$t` beside the path for the steps to fill and move; it is gone before the
 * answer ends, and also when the connection does.
 */
function placed(path: string, freshName: string, steps: string): string {
  return `${STEP}
p=${quoted(path)}
d=${quoted(posix.dirname(path))}
t=$d/${freshName}
if [ -d "$p" ] && [ ! -L "$p" ]; then tell trouble "$p: Is a directory"; return; fi
umask 022
step mkdir -p "$d" || return
trap 'rm -f "$t"' EXIT
trap 'exit 1' HUP INT TERM PIPE
attempt() {
${steps}
}
attempt
rm -f "$t"`;
}

/** Removes a file or a link; absent is success. */
export function removeScript(path: string): string {
  return `${STEP}
p=${quoted(path)}
d=${quoted(posix.dirname(path))}
if [ ! -e "$p" ] && [ ! -L "$p" ]; then
  e=$( { : <"$p"; } 2>&1 )
  case $e in *'ermission denied'*) tell trouble "$e";; esac
  return
fi
step rm -f "$p" && settled "$d"`;
}

/**
 * util-linux's or busybox's flock: it holds the very lock of flock(2). busybox's knows no time limit, so it is asked once a
 * second; in a subshell, for dash leaves its script where a redirection of `exec` fails. `removed` names what is to be
 * synced, after the lock has been let go.
 */
function underLock(path: string, lock: string, waitMs: number, body: string): string {
  return `${STEP}
program flock; F=$R
p=${quoted(path)}
d=${quoted(posix.dirname(path))}
l=${quoted(lock)}
[ -n "$F" ] || { tell trouble 'flock: not found on the node'; return; }
[ -d "$d" ] || { why "$d"; return; }
if [ -L "$l" ] || { [ -e "$l" ] && [ ! -f "$l" ]; }; then tell trouble "$l: not a regular file"; return; fi
[ -e "$l" ] || { umask 026; e=$( { : >>"$l"; } 2>&1 ) || { tell trouble "$e"; return; }; }
act() {
${body}
}
locked() (
  n=0
  until "$F" -n 9; do
    [ "$n" -lt ${Math.ceil(waitMs / 1000)} ] || { say busy; return; }
    n=$((n + 1)); sleep 1
  done
  [ "$l" -ef /proc/self/fd/9 ] || { say busy; return; }
  act
)
e=$( { : <"$l"; } 2>&1 ) || { tell trouble "$e"; return; }
locked 9<"$l"
settled "$d"`;
}

/** The length apart, because `$(…)` drops NULs; the text with a mark after it, because it takes newlines off the end. */
export function removeLockedScript(path: string, { lock, waitMs, expected }: RemoveLocked): string {
  const text = Buffer.from(expected).toString();
  return underLock(
    path,
    lock,
    waitMs,
    `  if [ ! -e "$p" ] && [ ! -L "$p" ]; then say gone; return; fi
  if [ -L "$p" ] || [ ! -f "$p" ]; then say changed; return; fi
  s=$("$HEAD" -c ${expected.length + 1} "$p" | wc -c)
  [ "$s" -eq ${expected.length} ] || { say changed; return; }
  c=$("$HEAD" -c ${expected.length + 1} "$p"; printf .)
  [ "$c" = ${quoted(`${text}.`)} ] || { say changed; return; }
  step rm -f "$p" && say done`,
  );
}

export function createLockedScript(path: string, creation: CreateLocked): string {
  const { lock, waitMs, content, mode, uid, gid } = creation;
  return underLock(
    path,
    lock,
    waitMs,
    `  if [ -e "$p" ] || [ -L "$p" ]; then say changed; return; fi
  set -C; umask 077
  e=$( { {
${printing(content)}
} >"$p"; } 2>&1 ) || { rm -f "$p"; tell trouble "$e"; return; }
  step chown ${uid}:${gid} "$p" && step chmod ${mode.toString(8)} "$p" && say done`,
  );
}

/** Where distributions keep crictl when it is on no search path, and the configuration that names their socket. */
const CRICTL_PLACES = ['/var/lib/rancher/rke2/bin/crictl', '/usr/local/bin/crictl', '/opt/bin/crictl'];
const K3S_PLACES = ['k3s', '/usr/local/bin/k3s', '/opt/bin/k3s'];
const CRICTL_CONFIG = '/var/lib/rancher/rke2/agent/etc/crictl.yaml';

/**
 * Without a socket, the one crictl's own configuration names. A sandbox it does not know is stopped already. Of what
 * crictl says its last word is told, which it prints like a log's line. Its own limit of two seconds is too short for CNI's
 * plugins.
 */
export function stopSandboxScript(socket: string, id: string): string {
  const endpoint = socket === '' ? '' : `--runtime-endpoint ${quoted(`unix://${socket}`)}`;
  return `${STEP}
program crictl
for c in ${CRICTL_PLACES.join(' ')}; do [ -n "$R" ] || program "$c"; done
c=$R
for k in ${K3S_PLACES.join(' ')}; do [ -n "$c" ] || { program "$k"; c=\${R:+"$R crictl"}; }; done
[ -n "$c" ] || { tell trouble 'crictl: not found on the node'; return; }
[ ! -f ${CRICTL_CONFIG} ] || { CRI_CONFIG_FILE=${CRICTL_CONFIG}; export CRI_CONFIG_FILE; }
e=$($c ${endpoint} --timeout 120s stopp ${quoted(id)} 2>&1 >/dev/null </dev/null) && return
case $e in *'code = NotFound'*) return;; esac
m=$(printf '%s\\n' "$e" | sed -n 's/.* level=fatal msg="\\(.*\\)"$/\\1/p' | sed 's/\\\\"/"/g')
tell trouble "\${m:-\${e:-crictl failed}}"`;
}

/** Runs a program without a shell; `stdin` is printed to it. */
export function runScript(argv: readonly string[], { stdin, timeoutMs }: RunOptions): string {
  const seconds = timeoutMs === undefined ? 0 : Math.ceil(timeoutMs / 1000);
  const command = `execute ${seconds} ${argv.map(quoted).join(' ')}`;
  if (stdin === undefined) return command;
  const bytes = typeof stdin === 'string' ? Buffer.from(stdin) : stdin;
  return `{\n${printing(bytes)}\n} | ${command}`;
}
