import { expect, it } from 'vitest';
import { journalDirectory, stateDirectory } from './state-directory.ts';

it('is where the environment says, else where the system keeps it over a reboot', () => {
  const at = (environment: Record<string, string>, root = true, harvester = false) =>
    stateDirectory({ environment, root, harvester });
  expect(at({ HAYWARD_STATE: '/a', XDG_STATE_HOME: '/b' })).toBe('/a');
  expect(at({ XDG_STATE_HOME: '/b' })).toBe('/b/hayward');
  expect(at({})).toBe('/var/lib/hayward');
  expect(at({}, true, true)).toBe('/usr/local/lib/hayward');
  expect(at({ HOME: '/home/x' }, false, true)).toBe('/home/x/.local/state/hayward');
});

it('keeps the journals of each node apart, whatever its name', () => {
  expect(journalDirectory('/s', { name: 'n', via: 'local' })).toBe('/s/journal');
  const names = ['root@10.0.0.1:22', '..', '.', 'a/b', 'a%2Fb', '../journal'];
  const directories = names.map((name) => journalDirectory('/s', { name, via: 'ssh' }));
  expect(new Set(directories).size).toBe(names.length);
  for (const directory of directories) expect(directory).toMatch(/^\/s\/hosts\/[^/]+\/journal$/);
  expect(directories.some((directory) => /\/\.\.?\//.test(directory))).toBe(false);
});
