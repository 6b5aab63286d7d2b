import { readdirSync } from 'node:fs';
import { inByteOrder } from './byte-order.ts';
import type { Failure } from './draft.ts';
import { codeOf, failureFor } from './system-errors.ts';
import type { Tree } from './tree.ts';

export interface Expansion {
  /** Paths that may match, in byte order: a fixed last component has not been looked for yet. */
  readonly paths: readonly string[];
  /** A directory that could not be listed, so that the matches are not known. */
  readonly trouble?: Failure;
}

/** Expands `*`, which matches within one component and never a leading dot, as a POSIX shell does. */
export function expand(tree: Tree, glob: string): Expansion {
  const components = glob.slice(1).split('/');
  let trouble: Failure | undefined;
  let paths: string[] = [''];
  components.forEach((component, index) => {
    if (!component.includes('*')) {
      paths = paths.map((path) => `${path}/${component}`);
      return;
    }
    const step = { matcher: matcherOf(component), last: index === components.length - 1 };
    paths = paths.flatMap((directory) => {
      const names = namesIn(tree, directory === '' ? '/' : directory, step);
      if (Array.isArray(names)) return names.map((name) => `${directory}/${name}`);
      trouble ??= names;
      return [];
    });
  });
  return { paths: inByteOrder(paths), ...(trouble && { trouble }) };
}

interface Step {
  readonly matcher: RegExp;
  readonly last: boolean;
}

/** Names that match, or the failure; an absent directory has no names. */
function namesIn(tree: Tree, directory: string, { matcher, last }: Step): string[] | Failure {
  try {
    const entries = readdirSync(tree.locate ? tree.locate(directory) : directory, { withFileTypes: true });
    return entries
      .filter((entry) => matcher.test(entry.name) && !(last ? entry.isDirectory() : entry.isFile()))
      .map((entry) => entry.name);
  } catch (error) {
    const failure = failureFor(directory, codeOf(error));
    return failure.state === 'absent' ? [] : failure;
  }
}

function matcherOf(component: string): RegExp {
  const pattern = component.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*');
  return new RegExp(`^${component.startsWith('*') ? '(?!\\.)' : ''}${pattern}$`, 's');
}
