// npm's `prepare`: builds dist/ after an installation, and before the package is packed, also for whoever installs it from git.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { INSTALL } from './setup/node-packages.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const builder = new URL('../node_modules/esbuild', import.meta.url);

/**
 * `npm install -g git+…`, which pre-commit does too, hands its own -g on to the installation in the repository it cloned, and so puts
 * nothing there to build with.
 */
function installPackages() {
  const { npm_config_global: _, npm_config_location: __, ...env } = process.env;
  const { status } = spawnSync('npm', [...INSTALL, '--ignore-scripts', '--include=dev'], {
    cwd: root,
    env,
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
}

if (!existsSync(builder) && process.env.npm_config_global === 'true') installPackages();
// An installation without development packages (--omit=dev) leaves dist/ as it is.
if (existsSync(builder)) await import('./build.mjs');
