import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import { known, type Reading, unknown } from '../../hosts/reading.ts';
import { isObject } from '../../plain-object.ts';

/** A kubeconfig as it was read. */
export interface KubeconfigFile {
  readonly path: string;
  readonly text: string;
}

/** PEM text or a token: in the kubeconfig itself, or in a file it names (absolute). */
export type Material = { readonly text: string } | { readonly file: string };

/** Where the API server is and by what one is known to it: a kubeconfig's current context, nothing of it read or tried yet. */
export interface Access {
  readonly context: string;
  /** The name of the kubeconfig's user, which need not be the name the API server knows. */
  readonly user: string;
  readonly server: string;
  /** The name to find in the server's certificate, where it is not the URL's. */
  readonly serverName?: string;
  /** The kubeconfig asks not to verify the server's certificate. */
  readonly insecure: boolean;
  readonly authority?: Material;
  readonly certificate?: Material;
  readonly key?: Material;
  readonly token?: Material;
}

interface Entry {
  readonly content: Readonly<Record<string, unknown>>;
  /** Folder of its file, from which relative paths count. */
  readonly folder: string;
}

class Unusable extends Error {}

/**
 * The access a kubeconfig's current context gives. Of several files, as KUBECONFIG may name them, the first that sets a
 * thing wins, as for kubectl (client-go tools/clientcmd/loader.go). Failed, with one line that names the file, when it is no
 * kubeconfig, or authenticates in a way that is not known here. No secret is ever part of that line.
 */
export function parseKubeconfig(files: readonly KubeconfigFile[]): Reading<Access> {
  const source = files.map(({ path }) => path).join(':');
  try {
    return known(currentAccess(files.map(documentOf)), source);
  } catch (error) {
    if (!(error instanceof Unusable)) throw error;
    return unknown('failed', source, `${source}: ${error.message}`);
  }
}

function documentOf({ path, text }: KubeconfigFile): Entry {
  const folder = dirname(path);
  try {
    const content: unknown = parse(text);
    if (isObject(content)) return { content, folder };
  } catch {
    // The parser's own words quote the text, which may hold a key.
  }
  throw new Unusable('not a kubeconfig');
}

function currentAccess(documents: readonly Entry[]): Access {
  const context = documents.map(({ content }) => text(content, 'current-context')).find(Boolean);
  if (context === undefined) throw new Unusable('no current-context');
  const { content: names } = named(documents, 'contexts', context);
  const user = text(names, 'user') ?? '';
  const cluster = named(documents, 'clusters', text(names, 'cluster') ?? '');
  const serverName = text(cluster.content, 'tls-server-name');
  if (text(cluster.content, 'proxy-url')) throw new Unusable('a proxy-url is not supported');
  return {
    context,
    user,
    server: serverOf(cluster.content),
    ...(serverName === undefined ? {} : { serverName }),
    insecure: cluster.content['insecure-skip-tls-verify'] === true,
    ...material(cluster, 'authority', 'certificate-authority'),
    ...credentials(named(documents, 'users', user)),
  };
}

function serverOf(cluster: Entry['content']): string {
  const server = text(cluster, 'server') ?? '';
  const url = URL.canParse(server) ? new URL(server) : undefined;
  // The address is shown, kept and pasted: it must not carry what nobody may see. Text before an @ may be such, also of no URL.
  if (url?.username || url?.password || server.includes('@')) {
    throw new Unusable("a password in the server's address is not supported");
  }
  if (url?.protocol === 'https:') return server;
  throw new Unusable(`the server ${JSON.stringify(server)} is no https address`);
}

function credentials(user: Entry): Partial<Access> {
  for (const way of ['exec', 'auth-provider', 'username']) {
    if (user.content[way] !== undefined) throw new Unusable(`authentication by ${way} is not supported`);
  }
  const token = text(user.content, 'token');
  const tokenFile = text(user.content, 'tokenFile');
  return {
    ...material(user, 'certificate', 'client-certificate'),
    ...material(user, 'key', 'client-key'),
    // The file is newer than what was written beside it (client-go rest/config.go).
    ...(tokenFile ? { token: { file: resolve(user.folder, tokenFile) } } : token ? { token: { text: token } } : {}),
  };
}

/** Data in the kubeconfig wins over a file it names (client-go tools/clientcmd/api/types.go). */
function material(entry: Entry, name: 'authority' | 'certificate' | 'key', field: string): Partial<Access> {
  const data = text(entry.content, `${field}-data`);
  const file = text(entry.content, field);
  if (data) return { [name]: { text: Buffer.from(data, 'base64').toString('utf8') } };
  return file ? { [name]: { file: resolve(entry.folder, file) } } : {};
}

/** The entry of a list by its name: `clusters: [{ name, cluster: {…} }]`. */
function named(documents: readonly Entry[], list: 'clusters' | 'contexts' | 'users', name: string): Entry {
  const kind = list.slice(0, -1);
  for (const { content, folder } of documents) {
    const entries = content[list];
    if (!Array.isArray(entries)) continue;
    const found = entries.filter(isObject).find((entry) => entry['name'] === name)?.[kind];
    if (isObject(found)) return { content: found, folder };
  }
  throw new Unusable(`no ${kind} ${JSON.stringify(name)}`);
}

function text(content: Entry['content'], key: string): string | undefined {
  const value = content[key];
  return typeof value === 'string' ? value : undefined;
}
