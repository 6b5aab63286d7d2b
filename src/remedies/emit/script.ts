import { shellWord } from '../../hosts/shell-text.ts';
import { describeStep } from '../describe.ts';
import type { Remedy } from '../remedy.ts';
import type { Step } from '../step.ts';
import { releaseWords } from './release.ts';

/**
 * The functions the steps call. Each looks before it writes. Programs are called by their paths, because busybox's shell
 * prefers its own `ip`, which knows nothing of a bridge's switches.
 */
const PRELUDE = `set -eu
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export PATH
changes=0
files=0
changed() { changes=$((changes + 1)); printf 'changed: %s\\n' "$1"; }
program() { for dir in /usr/sbin /sbin /usr/bin /bin; do if [ -x "$dir/$1" ]; then printf '%s/%s' "$dir" "$1"; return; fi; done; printf '%s' "$1"; }
setting() {
  have=$(tr '\\t' ' ' <"/proc/sys/$1")
  [ "$have" = "$2" ] || { printf '%s\\n' "$2" >"/proc/sys/$1"; changed "/proc/sys/$1"; }
}
bridge() {
  ip=$(program ip)
  have=$("$ip" -d link show dev "$1" | sed -n "s/.* $2 \\([01]\\).*/\\1/p")
  [ "$have" = "$3" ] || { "$ip" link set dev "$1" type bridge "$2" "$3"; changed "$2 of $1"; }
}
module() {
  if [ ! -d "/sys/module/$1" ] && ! grep -qs "^$1 " /proc/modules; then modprobe "$1"; changed "module $1"; fi
}
file() {
  mkdir -p "\${1%/*}"
  new="\${1%/*}/.hayward-$$"
  cat >"$new"
  if cmp -s "$new" "$1" && [ ! -L "$1" ] && [ -n "$(find "$1" -perm "$2")" ]; then rm -f "$new"; return; fi
  chmod "$2" "$new"
  mv -f "$new" "$1"
  files=$((files + 1))
  changed "$1"
}
reload_systemd() { if [ "$files" -gt 0 ] && [ -d /run/systemd/system ]; then systemctl daemon-reload; fi; }
reload_udev() { if [ "$files" -gt 0 ] && [ -d /run/udev ]; then udevadm control --reload; fi; }
release() { have=$("$@"); [ -z "$have" ] || changed "$5"; }
enable_unit() { systemctl -q is-enabled "$1" 2>/dev/null || { systemctl enable "$1"; changed "$1"; }; }
`;

/** A plan as an idempotent POSIX shell script, to be run as root. It says what it changed. */
export function emitScript(plan: readonly Remedy[]): string {
  const parts = plan.map((remedy) => {
    const head = `\n# ${oneLine(remedy.summary.en)} (${remedy.risk === 'disruptive' ? 'disruptive' : `risk: ${remedy.risk}`})\n`;
    return head + remedy.steps.map(stepText).join('');
  });
  return `#!/bin/sh
# A plan of hayward as a script: run it as root. It can be run again and then changes nothing.
${PRELUDE}${parts.join('')}
printf '%s changes\\n' "$changes"
`;
}

function stepText(step: Step): string {
  return `# ${oneLine(describeStep(step, 'en').does)}\n${commandFor(step)}\n`;
}

/** Comments hold names from a node, which must not break out of their line. */
function oneLine(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, '?');
}

function commandFor(step: Step): string {
  switch (step.kind) {
    case 'setting':
      return `setting ${shellWord(step.key)} ${shellWord(step.value)}`;
    case 'bridge-setting':
      return `bridge ${shellWord(step.bridge)} ${step.name} ${step.value}`;
    case 'module':
      return `module ${shellWord(step.name.replaceAll('-', '_'))}`;
    case 'file':
      return fileText(step);
    case 'reload':
      return `reload_${step.what}`;
    case 'enable-unit':
      return `enable_unit ${shellWord(step.unit)}`;
    case 'release-lease':
      return ['release', ...releaseWords(step)].map(shellWord).join(' ');
  }
}

function fileText({ path, mode, content }: Extract<Step, { kind: 'file' }>): string {
  if (content !== '' && !content.endsWith('\n')) throw new TypeError(`${path} does not end with a newline`);
  let end = 'END';
  while (content.split('\n').includes(end)) end += '_';
  return `file ${shellWord(path)} ${mode.toString(8).padStart(4, '0')} <<'${end}'\n${content}${end}`;
}
