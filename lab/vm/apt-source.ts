import { readFile } from 'node:fs/promises';
import { must } from '../command.ts';

/** Where this machine's apt gets its own release from, and through what proxy. */
export interface AptSource {
  readonly uri: string;
  /** The release's code name, e.g. `bookworm`. */
  readonly codename: string;
  /** Environment for programs that fetch by themselves as apt would. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Asks apt itself, so that every form of its configuration counts: one-line lists, deb822 files, proxies. */
export async function aptSource(): Promise<AptSource> {
  const codename = await releaseName();
  const format = '$(ORIGIN)|$(REPO_URI)|$(CODENAME)|$(COMPONENT)';
  const targets = await must(['apt-get', 'indextargets', '--format', format, 'Created-By: Packages']);
  const uri = mirrorIn(targets, codename);
  if (uri === undefined) throw new Error(`apt is configured with no archive of Debian ${codename}`);
  return { uri, codename, environment: await proxies() };
}

/**
 * Debian's own archive of the release: neither its updates nor its security fixes, which are no whole system, nor
 * somebody else's archive for the same release.
 */
export function mirrorIn(targets: string, codename: string): string | undefined {
  for (const line of targets.split('\n')) {
    const [origin = '', uri = '', release = '', component = ''] = line.split('|');
    const whole = release === codename && component === 'main' && !uri.includes('security');
    if (origin === 'Debian' && whole) return uri.replace(/\/$/, '');
  }
  return undefined;
}

async function releaseName(): Promise<string> {
  const text = await readFile('/etc/os-release', 'utf8');
  const codename = /^VERSION_CODENAME="?([\w-]+)"?$/m.exec(text)?.[1];
  if (codename === undefined) throw new Error('/etc/os-release names no VERSION_CODENAME');
  return codename;
}

async function proxies(): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const scheme of ['http', 'https']) {
    const said = await must(['apt-config', 'shell', 'PROXY', `Acquire::${scheme}::Proxy`]);
    const proxy = /^PROXY='([^']+)'/m.exec(said)?.[1];
    if (proxy !== undefined && proxy !== 'DIRECT') found[`${scheme}_proxy`] = proxy;
  }
  return found;
}
