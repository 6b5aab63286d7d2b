import { nodeNames } from './harvester.ts';
import type { RecordedNode } from './recorded-node.ts';

/**
 * `kubectl cluster-info dump`: with `--output-directory` a folder with `nodes.json` (or .yaml) and one of each namespace;
 * without, all lists one after the other. It holds API objects and logs, and nothing of a node itself.
 */
export const DUMPED_NODES = /^(?:[^/]+\/)?nodes\.(?:json|yaml)$/;
export const DUMPED_TEXT = 'dump.json';

const HINT = (node: string) =>
  `a cluster-info dump holds nothing of the node itself; collect it with: hayward capture -o FILE --host ${node}`;

export function nodesFromDump(members: ReadonlyMap<string, string>, takenAt: string): readonly RecordedNode[] {
  const names = [...members].flatMap(([member, text]) => nodeNames(member === DUMPED_TEXT ? firstObject(text) : text));
  return names.map((name) => ({ name, takenAt, files: new Map(), whole: new Set(), hint: HINT(name) }));
}

/** kubectl prints the Nodes first, each object as JSON that ends with a brace in the first column. */
function firstObject(text: string): string {
  const end = text.indexOf('\n}');
  return end === -1 ? text : text.slice(0, end + 2);
}
