import { unknown } from '../../../hosts/reading.ts';
import { type Member, oneOf } from '../../decide.ts';
import type { NodeLook } from '../../model/nodes.ts';
import type { ClusterSnapshot } from '../../model.ts';

/**
 * Whether any node is Ready. Of a node's own credentials only its own Node is seen: that it is Ready suffices; that it is not says
 * nothing of the others. A list and an object that contradict each other were taken at two moments: neither is believed.
 */
export function anyNode({ nodes, ownNode }: Pick<ClusterSnapshot, 'nodes' | 'ownNode'>): Member {
  const own = ownNode.known ? memberOf(ownNode.value) : undefined;
  if (!nodes.known) return own ? oneOf([own, nodes]) : nodes;
  const listed = oneOf(nodes.value.map(memberOf));
  if (listed !== 'bad' || own !== 'good') return listed;
  return unknown('failed', nodes.source, 'the list of nodes and the Node object itself differ: they were changing');
}

function memberOf({ conditions }: NodeLook): Member {
  return conditions.some(({ type, status }) => type === 'Ready' && status === 'True') ? 'good' : 'bad';
}
