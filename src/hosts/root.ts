import { readdirSync, readlinkSync, realpathSync } from 'node:fs';
import { basename } from 'node:path';
import { type Ask, criSource } from './ask.ts';
import type { Capture } from './capture.ts';
import { captureOf, type Draft, emptyDraft } from './draft.ts';
import { type CollectOptions, type Host, HostError } from './host.ts';
import { insideRoot, realPath } from './inside.ts';
import { readLeases } from './lease-files.ts';
import { planOf, runSource } from './plan.ts';
import { findProgram } from './programs.ts';
import { readFiles } from './read-files.ts';
import { harmless } from './sanitise.ts';
import { codeOf, wordsFor } from './system-errors.ts';
import { readText, type Tree } from './tree.ts';

/**
 * A node's file tree below a directory: the host mounted in a container, or a recorded node. Links in it are followed
 * inside it and never lead out. It answers what files can answer; commands are `not-collected`.
 * Throws a HostError of code `usage` when the directory is missing or cannot be read.
 */
export function rootHost(directory: string): Host {
  const root = readableDirectory(directory);
  const tree: Tree = { locate: locator(root) };
  const name = nameOf(tree, root);
  return {
    name,
    via: 'root',
    async collect(asks: readonly Ask[], options: CollectOptions = {}): Promise<Capture> {
      const plan = planOf(asks);
      const draft = emptyDraft();
      for (const run of plan.runs) {
        draft.entries[runSource(run)] = { state: 'not-collected', detail: 'a file tree runs no commands' };
      }
      const locate = locator(root);
      for (const socket of plan.runtimes) {
        draft.entries[criSource(socket || undefined)] = {
          state: 'not-collected',
          detail: 'in a file tree no runtime runs',
        };
      }
      for (const program of plan.which) draft.which[program] = findProgram(program, locate);
      await readFiles({ locate }, plan, draft, options.signal);
      for (const directory of plan.leases) draft.entries[directory] = readLeases({ locate }, directory);
      if (isForeignNamespace(root)) withdrawNetworkSettings(draft);
      return captureOf({ name, via: 'root' }, draft);
    },
  };
}

function readableDirectory(directory: string): string {
  try {
    const root = realpathSync(directory);
    readdirSync(root);
    return root;
  } catch (error) {
    throw new HostError(`--root ${harmless(directory)}: ${wordsFor(codeOf(error))}`, 'usage', { cause: error });
  }
}

/** Finds paths inside the root, each directory once: thousands of values share a few hundred directories. */
function locator(root: string): (path: string) => string {
  const directories = new Map<string, readonly string[]>();
  return (path) => {
    const cut = path.lastIndexOf('/') + 1;
    const parent = path.slice(0, cut);
    let walked = directories.get(parent);
    if (walked === undefined) {
      walked = insideRoot(root, parent);
      directories.set(parent, walked);
    }
    return realPath(root, insideRoot(root, path.slice(cut), walked));
  };
}

function nameOf(tree: Tree, root: string): string {
  const { entry } = readText(tree, '/etc/hostname', 1024);
  const said = entry.state === 'ok' ? entry.text.trim() : '';
  return /^[A-Za-z0-9][A-Za-z0-9.-]*$/.test(said) ? said : harmless(basename(root)) || '/';
}

/**
 * /proc/sys/net of a mounted procfs shows the network namespace of whoever reads it, not that of the node it came from
 * (net/sysctl_net.c looks at the current task). In a container that does not share the host's network those would be
 * the container's own settings under the node's name.
 */
function isForeignNamespace(root: string): boolean {
  if (root === '/') return false;
  try {
    return readlinkSync(`${root}/proc/1/ns/net`) !== readlinkSync('/proc/self/ns/net');
  } catch {
    return false;
  }
}

function withdrawNetworkSettings(draft: Draft): void {
  const detail = "this procfs shows the reader's network namespace, not the node's: run in the host's network";
  for (const path of Object.keys(draft.entries)) {
    if (/^\/proc\/(sys\/)?net\//.test(path)) draft.entries[path] = { state: 'not-collected', detail };
  }
  for (const glob of Object.keys(draft.globs)) {
    if (/^\/proc\/(sys\/)?net\//.test(glob)) draft.globs[glob] = { state: 'not-collected', detail };
  }
}
