import { DEFAULT_RUN_TIMEOUT_MS, type GlobPlan, type Plan, type RunPlan } from './plan.ts';
import { SEARCH_PATH } from './search-path.ts';
import { quoted, quotedGlob, quotedPath } from './shell-text.ts';

/** Random words of one session, 128 bits each in hexadecimal. */
export interface Marks {
  /** Begins every header line of the answer. It travels in the script alone: no argument or environment holds it. */
  readonly boundary: string;
  /** Separates the files of a batch; processes on the node may see it for a moment. */
  readonly file: string;
}

/**
 * What precedes every script on a node: POSIX shell, for dash, busybox and bash alike, writing nothing on the node.
 *
 * Files are read many at a time: one `head` prints them all, and between any two of them its own environment, which holds
 * nothing but the mark, read as the file /proc/self/environ. So thousands of values cost a handful of processes, and any
 * bytes come through. (The bound on a file's bytes is never below the mark's own length. The shell's own `read` is no way: dash reads by single bytes, and a file under /proc/sys gives
 * nothing beyond its first read(2).)
 */
export function prelude(marks: Marks): string {
  return `B=${quoted(marks.boundary)}
M=${quoted(marks.file)}
${PRELUDE}
program env; ENV=$R
program head; HEAD=$R
program cat; CAT=$R
program readlink; READLINK=$R
program true; TRUE=$R
program date; DATE=$R
program ls; LS=$R
program timeout; TIMEOUT=$R; KILL_AFTER='-k 2'
[ -z "$TIMEOUT" ] || "$TIMEOUT" -k 2 5 "$TRUE" 2>/dev/null </dev/null || KILL_AFTER=
[ -z "$TIMEOUT" ] || "$TIMEOUT" $KILL_AFTER 5 "$TRUE" 2>/dev/null </dev/null || TIMEOUT=
`;
}

const PRELUDE = String.raw`LC_ALL=C
PATH=${SEARCH_PATH.join(':')}
export LC_ALL PATH
E=/proc/self/environ
exec 3>&1
say() { printf '\n%s %s\n' "$B" "$*" >&3; }
tell() { say "$1"; printf '%s' "$2" >&3; }
program() {
  R=
  case $1 in */*) if [ -f "$1" ] && [ -x "$1" ]; then R=$1; fi; return;; esac
  for d in ${SEARCH_PATH.join(' ')}; do
    if [ -f "$d/$1" ] && [ -x "$d/$1" ]; then R=$d/$1; return; fi
  done
}
why() {
  d=${'$'}{1%/*}
  if [ ! -L "$1" ] && [ -d "${'$'}{d:-/}" ] && [ -x "${'$'}{d:-/}" ]; then tell absent "$1"; return; fi
  tell error "$1"
  tell said "$( { : <"$1"; } 2>&1 )"
}
readable() {
  if [ ! -f "$1" ]; then
    if [ -e "$1" ]; then tell other "$1"; else why "$1"; fi
    return 1
  fi
  [ -r "$1" ] || { tell denied "$1"; return 1; }
}
flush() {
  say names; eval "printf '%s\\0' $names" >&3
  say batch "$role" "$max"
  e=$(eval "\"\$ENV\" -i M=\"\$M\" \"\$HEAD\" -q -c $(((max > 64 ? max : 64) + 1)) $batch" 2>&1 >&3 3>&-)
  tell said "$e"
}
add() { names="$names \"\${$1}\"" batch="$batch \$E \"\${$1}\""; }
first() {
  i=0 names= batch=
  while [ $i -lt "$1" ]; do i=$((i+1)); add $i; done
}
regular() { for f do { [ -f "$f" ] && [ -r "$f" ]; } || return 1; done; }
slurp() {
  role=$1 max=$2; shift 2
  if regular "$@"; then
    if [ $# -gt 256 ]; then first 256; fi
    while [ $# -gt 256 ]; do flush "$@"; shift 256; done
    first $#; flush "$@"
    return
  fi
  i=0 n=0 names= batch=
  for f do
    i=$((i+1))
    if [ "$role" = file ]; then readable "$f" || continue
    elif [ ! -f "$f" ]; then continue
    elif [ ! -r "$f" ]; then tell denied "$f"; continue
    fi
    add $i; n=$((n+1))
    if [ $n -ge 64 ]; then flush "$@"; names= batch= n=0; fi
  done
  if [ $n -gt 0 ]; then flush "$@"; fi
}
hides() {
  need=$1; shift
  for d do
    if [ -d "$d" ]; then
      if [ ! -x "$d" ] || { [ "$need" = names ] && [ ! -r "$d" ]; }; then tell hidden "$d"; fi
    elif [ ! -e "$d" ]; then why "$d"
    fi
  done
}
kept() {
  say keep "$1"
  readable "$4" || return
  say lines
  e=$( { grep -a -E -e "$3" "$4" | "$HEAD" -c $(($2+1)) >&3; } 2>&1 )
  tell said "$e"
}
listing() {
  say list "$1"
  if [ ! -d "$2" ]; then
    if [ -e "$2" ]; then tell absent "$2"; else why "$2"; fi
    return
  fi
  if [ ! -r "$2" ] || [ ! -x "$2" ]; then tell denied "$2"; return; fi
  say listed
  for f in "$2"/* "$2"/.[!.]* "$2"/..?*; do
    if [ -L "$f" ]; then printf 'l%s\0' "${'$'}{f##*/}"; "$READLINK" "$f"; printf '\0'
    elif [ -d "$f" ]; then printf 'd%s\0' "${'$'}{f##*/}"
    elif [ -f "$f" ]; then printf 'f%s\0' "${'$'}{f##*/}"
    elif [ -e "$f" ]; then printf 'o%s\0' "${'$'}{f##*/}"
    fi
  done >&3
}
limited() {
  s=$1; shift
  if [ -n "$TIMEOUT" ] && [ "$s" != 0 ]; then "$TIMEOUT" $KILL_AFTER "$s" "$@"; else "$@"; fi
}
execute() {
  secs=$1; shift
  program "$1"
  if [ -z "$R" ]; then say missing; return; fi
  p=$R; shift
  say out
  e=$( { limited "$secs" "$p" "$@" 2>&1 >&3 3>&-; say status $?; } | { "$HEAD" -c 8192; "$CAT" >/dev/null; } )
  tell said "$e"
}
loadable() { [ ! -d "/sys/module/$1" ] && grep -q "/$1\.ko" "/lib/modules/$REL/modules.dep" 2>/dev/null; }
run() {
  say run "$1"
  if [ -n "$3" ] && [ ! -e "$3" ]; then say skipped; return; fi
  if [ -n "$4" ] && loadable "$4"; then say loadable; return; fi
  s=$2; shift 4
  execute "$s" "$@" </dev/null
}
clock() {
  t=$("$DATE" +%s.%N)
  case $t in *[!0-9.]*|*.) t=$("$DATE" +%s);; esac
  tell clock "$t"
}
node() { say node; id -u >&3; printf '%s' "$HAYWARD_REFUSED" >&3; }`;

/** The part of a collection that begins when the node says that it is ready, so that its first act is to tell its clock. */
export function collection(plan: Plan): string {
  const lines = [
    'clock',
    'node',
    'REL=$(uname -r)',
    'tell release "$REL"',
    ...plan.lists.map((path, index) => `listing ${index} ${quotedPath(path)}`),
    ...wholeFiles(plan),
    ...plan.globs.flatMap(globLines),
    ...plan.runs.map(runLine),
    ...plan.which.map((name) => `program ${name}; tell 'which ${name}' "$R"`),
  ];
  return lines.join('\n');
}

/** Whole files in one batch for each bound, files of which some lines are wanted one by one. */
function wholeFiles({ files }: Plan): string[] {
  const bounds = [...new Set(files.filter((file) => file.keep === undefined).map((file) => file.maxBytes))];
  const whole = bounds.map((bound) => {
    const batch = files.filter((file) => file.keep === undefined && file.maxBytes === bound);
    return `slurp file ${bound} ${batch.map(({ path }) => quotedPath(path)).join(' ')}`;
  });
  const kept = files.flatMap((file, index) =>
    file.keep === undefined ? [] : [`kept ${index} ${file.maxBytes} ${quoted(file.keep)} ${quotedPath(file.path)}`],
  );
  return ['say files', ...whole, ...kept];
}

/** A glob, after a look at each directory on its way that could hide what it matches. */
function globLines({ glob, maxBytes, values }: GlobPlan, index: number): string[] {
  const components = glob.slice(1).split('/');
  const starred = components.findIndex((component) => component.includes('*'));
  const first = starred === -1 ? components.length - 1 : starred;
  const looks = components.flatMap((component, depth) => {
    if (depth < first) return [];
    const directory = `/${components.slice(0, depth).join('/')}`;
    return [`hides ${component.includes('*') ? 'names' : 'way'} ${quotedGlob(directory)}`];
  });
  return [`say glob ${index}`, ...looks, `slurp ${values ? 'value' : 'match'} ${maxBytes} ${quotedGlob(glob)}`];
}

function runLine(
  { argv, timeoutMs = DEFAULT_RUN_TIMEOUT_MS, onlyIf = '', module = '' }: RunPlan,
  index: number,
): string {
  const conditions = `${quoted(onlyIf)} ${quoted(module)}`;
  return `run ${index} ${Math.ceil(timeoutMs / 1000)} ${conditions} ${argv.map(quoted).join(' ')}`;
}
