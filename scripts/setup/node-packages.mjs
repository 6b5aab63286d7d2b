// Node dependencies: installed when they are missing or not those of package-lock.json.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

const root = new URL('../../', import.meta.url);

/** Whether node_modules holds other packages than the lock asks for. Optional ones may be for another platform. */
export function nodePackagesStale() {
  const installed = new URL('node_modules/.package-lock.json', root);
  if (!existsSync(installed)) return true;
  const here = packagesIn(installed);
  return Object.entries(packagesIn(new URL('package-lock.json', root))).some(
    ([path, { version, optional }]) => path !== '' && !optional && here[path]?.version !== version,
  );
}

function packagesIn(lock) {
  return JSON.parse(readFileSync(lock, 'utf8')).packages ?? {};
}

/** npm's arguments: exactly what the lock names. */
export const INSTALL = ['ci', '--loglevel=error'];

export function installNodePackages() {
  return spawnSync('npm', INSTALL, { cwd: root, stdio: 'inherit' }).status === 0;
}
