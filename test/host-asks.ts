import type { Ask } from '../src/hosts/ask.ts';
import type { Capture } from '../src/hosts/capture.ts';
import { CLOCK_OFFSET_SOURCE, CLOCK_SOURCE } from '../src/hosts/draft.ts';
import { HOSTILE_NAMES } from './hostile-tree.ts';

/** Everything that can be asked of files, of a hostile tree and of stable files of the machine. */
export function fileAsks(tree: string): readonly Ask[] {
  return [
    { kind: 'files', glob: `${tree}/names/*.conf` },
    { kind: 'files', glob: `${tree}/names/.*` },
    { kind: 'files', glob: `${tree}/contents/*` },
    { kind: 'files', glob: `${tree}/kinds/*` },
    { kind: 'files', glob: `${tree}/nowhere/*/x` },
    { kind: 'values', glob: `${tree}/deep/*/key` },
    { kind: 'values', glob: `${tree}/deep/*/*` },
    { kind: 'values', glob: `${tree}/many/key*` },
    { kind: 'values', glob: '/proc/sys/net/ipv4/conf/*/rp_filter' },
    { kind: 'values', glob: '/proc/sys/kernel/osrelease' },
    { kind: 'values', glob: '/proc/sys/net/nothing' },
    { kind: 'list', path: `${tree}/names` },
    { kind: 'list', path: `${tree}/kinds` },
    { kind: 'list', path: `${tree}/kinds/file` },
    { kind: 'list', path: `${tree}/nowhere` },
    ...HOSTILE_NAMES.map((name): Ask => ({ kind: 'file', path: `${tree}/names/${name}` })),
    ...['fifo', 'directory', 'dangling', 'loop', 'masked', 'link', 'file/below'].map(
      (name): Ask => ({ kind: 'file', path: `${tree}/kinds/${name}` }),
    ),
    { kind: 'file', path: `${tree}/sizes/four`, maxBytes: 4 },
    { kind: 'file', path: `${tree}/sizes/five`, maxBytes: 4 },
    { kind: 'file', path: `${tree}/deep/one/key`, keep: '^(one|t[w]o)$' },
    { kind: 'file', path: `${tree}/deep/two/key`, keep: '^one' },
    { kind: 'file', path: `${tree}/deep/three/key`, keep: '^one' },
    { kind: 'file', path: '/proc/sys/kernel/{release}/nothing' },
    { kind: 'file', path: '/etc/os-release' },
    { kind: 'which', names: ['sh', 'no-such-program'] },
  ];
}

export const COMMAND_ASKS: readonly Ask[] = [
  { kind: 'run', argv: ['printf', '%s|', "it's", '$HOME `id`', '', 'a\nb', '*', '\u001b[31m'] },
  { kind: 'run', argv: ['no-such-program', '--flag'] },
  { kind: 'run', argv: ['sh', '-c', 'echo out; echo "first \u001b[31mline" >&2; echo second >&2; exit 3'] },
  { kind: 'run', argv: ['sh', '-c', 'exit 7'] },
  { kind: 'run', argv: ['sh', '-c', 'echo "x: Operation not permitted" >&2; exit 1'] },
  { kind: 'run', argv: ['sh', '-c', 'cat; echo read nothing'] },
  { kind: 'run', argv: ['sh', '-c', 'printf "a\\0b\\n\\n"'] },
  { kind: 'run', argv: ['sh', '-c', 'yes noise | head -n 20000 >&2; echo done'] },
  { kind: 'run', argv: ['sh', '-c', 'echo $LC_ALL'] },
  { kind: 'run', argv: ['echo', 'never'], onlyIf: '/proc/no-such-file' },
  { kind: 'run', argv: ['echo', 'now'], onlyIf: '/proc/self' },
  { kind: 'run', argv: ['echo', 'no such module'], module: 'no_such_module' },
];

/** Without what differs by nature: the clock, who was asked, and when. */
export function answersOf({ entries, globs, lists, which }: Capture) {
  const { [CLOCK_SOURCE]: clock, [CLOCK_OFFSET_SOURCE]: offset, ...stable } = entries;
  return { entries: stable, globs, lists, which };
}
