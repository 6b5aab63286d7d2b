/** How a cluster numbers its parts. Nodes are counted from one; nine at most. */
export const MOST_NODES = 9;

/** The cluster's DNS, of the network of Services every API server of the lab has. */
export const DNS_ADDRESS = '10.53.0.10';

/** All Pods' networks: RKE2's own. */
export const POD_NETWORK = '10.42.0.0/16';

/** Where kubelets and the API server meet. */
const NODE_PREFIX_LENGTH = 16;

/** One node, by its number. */
export interface Place {
  readonly name: string;
  readonly address: string;
  /** The same with the length of its network's prefix. */
  readonly interfaceAddress: string;
  /** Its Pods' addresses. */
  readonly pods: string;
  /** Its own among them, with the length of the prefix: what Pods have for their gateway. */
  readonly gatewayAddress: string;
}

export function placeOf(number: number): Place {
  const address = `10.52.0.${10 + number}`;
  return {
    name: `node-${number}`,
    address,
    interfaceAddress: `${address}/${NODE_PREFIX_LENGTH}`,
    pods: `10.42.${number}.0/24`,
    gatewayAddress: `10.42.${number}.1/24`,
  };
}
