import { expect, test } from 'vitest';
import { mirrorIn } from './apt-source.ts';

const TARGETS = `Docker|https://download.docker.com/linux/debian/|bookworm|main
Debian|http://deb.debian.org/debian-security/|bookworm|main
Debian|http://mirror.example/debian/|bookworm-updates|main
Debian|http://mirror.example/debian/|bookworm|contrib
Debian|http://mirror.example/debian/|bookworm|main
`;

test("the mirror is the release's own archive", () => {
  expect(mirrorIn(TARGETS, 'bookworm')).toBe('http://mirror.example/debian');
});

test('no archive of the release is no mirror', () => {
  expect(mirrorIn(TARGETS, 'trixie')).toBeUndefined();
  expect(mirrorIn('', 'bookworm')).toBeUndefined();
});
