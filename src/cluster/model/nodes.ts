import type { Reading } from '../../hosts/reading.ts';

/** A Node object and its Lease. */
export interface NodeLook {
  readonly name: string;
  /** `control-plane`, `etcd`, `worker`, `witness`: from node-role labels (witness: node-role.harvesterhci.io/witness=true). */
  readonly roles: readonly string[];
  readonly internalAddresses: readonly string[];
  readonly conditions: readonly NodeCondition[];
  /** `key=value:Effect`. */
  readonly taints: readonly string[];
  readonly unschedulable: boolean;
  /** status.nodeInfo.kubeletVersion, e.g. `v1.32.4+rke2r1`. */
  readonly kubeletVersion: string;
  /** status.nodeInfo.bootID: another one after every boot. */
  readonly bootId: string;
  /** metadata.creationTimestamp, RFC 3339. */
  readonly createdAt: string;
  /** metadata.deletionTimestamp, where it is being removed. */
  readonly deletedAt?: string;
  /** spec.renewTime of its Lease in kube-node-lease, RFC 3339; the kubelet renews it every 10 s. */
  readonly leaseRenewedAt: Reading<string>;
  /** RFC 3339, by the clock of the machine that looked: by then the Lease had been read, some time after `takenAt` where a look is long. */
  readonly leaseReadAt: string;
  /** An upgrade's own mark on the node (annotation `harvesterhci.io/pre-hook`, label `upgrade.cattle.io/…`), where one is there. */
  readonly upgrade?: string;
}

export interface NodeCondition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
  /** RFC 3339. */
  readonly lastTransitionTime: string;
  readonly lastHeartbeatTime: string;
}
