import { isObject } from '../../plain-object.ts';
import { yamlOf } from '../../snapshot/yaml-text.ts';

/** Kubernetes stores no object above 1.5 MiB (etcd's --max-request-bytes). */
const LARGEST_OBJECT = 2 * 1024 * 1024;

/** What no judgement reads and most of a Pod's text is. */
const BALLAST = /^( *)(?:- )?(?:managedFields|volumes|volumeMounts|affinity|tolerations|ownerReferences):\s*$/;

/**
 * The objects of a list in YAML, one after the other: a parsed document takes a hundred times its text. A line that begins with a dash
 * where the list's first one does begins an object, for whatever is within one is indented deeper (YAML 1.2, 8.2.1). Throws for what is no
 * list, or no YAML.
 */
export function yamlItems(text: string): readonly unknown[] {
  const start = /^items:[ \t]*\r?\n(?=( *)- )/m.exec(text);
  if (!start) return itemsIn(parsed(text));
  const indent = start[1] ?? '';
  const body = text.slice(start.index + start[0].length).split('\n');
  const end = body.findIndex((line) => !isWithin(line, indent));
  const items: unknown[] = [];
  let piece: string[] = [];
  for (const line of [...withoutBallast(end === -1 ? body : body.slice(0, end)), undefined]) {
    if ((line === undefined || line.startsWith(`${indent}- `)) && piece.length > 0) {
      items.push(...(parsed(piece.join('\n')) as unknown[]));
      piece = [];
    }
    if (line !== undefined) piece.push(line);
  }
  return items;
}

function parsed(text: string): unknown {
  if (text.length > LARGEST_OBJECT) throw new Error('an object larger than Kubernetes stores any');
  return yamlOf(text);
}

function itemsIn(list: unknown): readonly unknown[] {
  const items = isObject(list) ? list['items'] : undefined;
  if (Array.isArray(items)) return items;
  // Go writes a list without items as null.
  if (isObject(list) && items === null) return [];
  throw new Error('no list of objects');
}

function isWithin(line: string, indent: string): boolean {
  return line.trim() === '' || line.startsWith(`${indent} `) || line.startsWith(`${indent}- `);
}

/** Without the blocks below such keys, whose lines are deeper, or lists that begin where the key does. */
function withoutBallast(lines: readonly string[]): readonly string[] {
  const kept: string[] = [];
  let below: string | undefined;
  for (const line of lines) {
    if (below !== undefined && (line.startsWith(`${below} `) || line.startsWith(`${below}- `))) continue;
    const found = BALLAST.exec(line);
    // A key beside a dash stands two columns further in.
    below = found ? `${found[1] ?? ''}${line.trimStart().startsWith('- ') ? '  ' : ''}` : undefined;
    if (below === undefined) kept.push(line);
    else if (line.trimStart().startsWith('- ')) kept.push(line.replace(/:\s*$/, ': null'));
  }
  return kept;
}
