import { posix } from 'node:path';
import type { RunOptions, WriteOptions } from './host.ts';
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

/** Runs a program without a shell; `stdin` is printed to it. */
export function runScript(argv: readonly string[], { stdin, timeoutMs }: RunOptions): string {
  const seconds = timeoutMs === undefined ? 0 : Math.ceil(timeoutMs / 1000);
  const command = `execute ${seconds} ${argv.map(quoted).join(' ')}`;
  if (stdin === undefined) return command;
  const bytes = typeof stdin === 'string' ? Buffer.from(stdin) : stdin;
  return `{\n${printing(bytes)}\n} | ${command}`;
}
