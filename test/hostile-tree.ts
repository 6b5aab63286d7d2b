import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Names that a shell would act on if they were not quoted, or that are taken for options or properties. */
export const HOSTILE_NAMES = [
  'plain.conf',
  'two words.conf',
  "quote'.conf",
  'double".conf',
  '$(touch pwned).conf',
  '`id`.conf',
  '-rf.conf',
  'new\nline.conf',
  'back\\slash.conf',
  'semi;colon.conf',
  'star*.conf',
  '{release}.conf',
  '[a-z].conf',
  'ünïcode-名.conf',
  'esc\u001b[31m.conf',
  '.hidden.conf',
] as const;

export const HOSTILE_CONTENTS: Readonly<Record<string, string>> = {
  empty: '',
  newline: '\n',
  newlines: 'a\n\n\n',
  unterminated: 'no newline at the end',
  escapes: '\u001b]0;title\u0007\u001b[2J\u009b31m\n',
  nuls: 'a\0b\0\0\nc\0',
  long: `${'x'.repeat(1_000_000)}\n`,
  header: `\n${'0'.repeat(32)} end\n\n${'0'.repeat(32)} glob 0\nM=${'0'.repeat(32)}\0`,
  returns: 'a\r\nb\rc',
  percent: '%s%n%d \\0 \\n $HOME `id`',
};

/** A folder of files whose names and contents are as bad as a file system allows. The caller removes it. */
export function hostileTree(): string {
  const folder = mkdtempSync(join(tmpdir(), 'hayward-hostile-'));
  for (const directory of ['many', 'names', 'contents', 'kinds', 'sizes', 'deep/one', 'deep/two', 'deep/.three']) {
    mkdirSync(join(folder, directory), { recursive: true });
  }
  for (const name of HOSTILE_NAMES) writeFileSync(join(folder, 'names', name), `text of ${name}\n`);
  for (const [name, content] of Object.entries(HOSTILE_CONTENTS))
    writeFileSync(join(folder, 'contents', name), content);
  writeFileSync(join(folder, 'contents/binary'), Buffer.from([0xff, 0xfe, 0x80, 0x0a, 0xc3]));
  for (const directory of ['one', 'two', '.three'])
    writeFileSync(join(folder, 'deep', directory, 'key'), `${directory}\n`);
  for (const name of ['four', 'five!']) writeFileSync(join(folder, 'sizes', name.slice(0, 4)), name);
  for (let index = 0; index < 600; index += 1) writeFileSync(join(folder, 'many', `key${index}`), `${index}\n`);
  writeFileSync(join(folder, 'deep/file'), 'not a directory\n');
  makeKinds(join(folder, 'kinds'));
  return folder;
}

function makeKinds(folder: string): void {
  writeFileSync(join(folder, 'file'), 'file\n');
  mkdirSync(join(folder, 'directory'));
  symlinkSync('file', join(folder, 'link'));
  symlinkSync('/dev/null', join(folder, 'masked'));
  symlinkSync('nowhere', join(folder, 'dangling'));
  symlinkSync('loop', join(folder, 'loop'));
  symlinkSync('new\nline', join(folder, 'odd'));
  execFileSync('mkfifo', [join(folder, 'fifo')]);
}
