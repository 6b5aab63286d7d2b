import { type Fields, fieldsOf, objectIn, objectsIn, textsIn } from './fields.ts';
import { yamlOf } from './yaml-text.ts';

/** Options of a command line by name without dashes; a switch without a value is `true`, as Kubernetes' flags read it. */
export type ProgramArguments = ReadonlyMap<string, string>;

/**
 * Options among a command's words: `--name=value`, `--name value` or a lone `--name`; dashes may be missing, as in
 * RKE2's `kube-proxy-arg: proxy-mode=ipvs`.
 */
export function argumentsFrom(words: readonly string[]): ProgramArguments {
  const found = new Map<string, string>();
  for (const [index, word] of words.entries()) {
    const [, dashes, name = '', value] = /^(--?)?([a-z][a-z0-9-]*)(?:=(.*))?$/s.exec(word) ?? [];
    if (value !== undefined) found.set(name, value);
    else if (dashes !== undefined) {
      const next = words[index + 1];
      found.set(name, next === undefined || next.startsWith('-') ? 'true' : next);
    }
  }
  return found;
}

/** The options of all containers of a static Pod's manifest. */
export function manifestArguments(text: string): ProgramArguments {
  const pod = fieldsOf(yamlOf(text), 'top level');
  const spec = objectIn(pod, 'spec');
  if (!spec) throw new Error('top level: no spec');
  return argumentsFrom(objectsIn(spec, 'containers').flatMap(wordsOf));
}

function wordsOf(container: Fields): readonly string[] {
  return [...textsIn(container, 'command'), ...textsIn(container, 'args')];
}
