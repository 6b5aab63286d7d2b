import { RESOURCES, type Resource } from './record.ts';

/** A member of somebody else's bundle that holds a list of objects. */
export interface ListPlace {
  readonly resource: Resource;
  /** Empty: of the cluster. */
  readonly namespace: string;
  /** The kit wrote it, which writes `null` for what is empty. */
  readonly nulls: boolean;
}

/**
 * rancher/support-bundle-kit: `yamls/cluster/GROUP/VERSION/PLURAL.yaml`, `yamls/namespaced/NAMESPACE/GROUP/VERSION/PLURAL.yaml`, the core
 * group's as `v1`; before it asked for API discovery `kubernetes/PLURAL.yaml` and `harvester/PLURAL.yaml` instead.
 */
const KIT = /(?:^|\/)yamls\/(?:cluster|namespaced\/([^/]+))\/(kubernetes|harvester|v1|[^/]+\/v[^/]+)\/([a-z]+)\.yaml$/;

/** `kubectl cluster-info dump --output-directory`: `nodes.json`, and in a folder of each namespace lists named by their plural. */
const DUMP_NODES = /^(?:[^/]+\/)?(nodes)\.(?:json|yaml)$/;
const DUMP_LIST = /^(?:[^/]+\/)?([a-z0-9-]+)\/(services|daemonsets|deployments|pods)\.(?:json|yaml)$/;

/** sos' plugin kubernetes: `kubectl get -o json PLURAL`, with all.option also `--namespace=NAMESPACE` in a folder of its own. */
const SOS =
  /\/sos_commands\/kubernetes\/cluster-info\/(?:([a-z0-9-]+)\/)?[^/]*get_-o_json_(?:--namespace_[a-z0-9-]+_)?([a-z]+)$/;

/** Where a member's objects belong; undefined of what no judgement reads. */
export function listPlaceOf(member: string): ListPlace | undefined {
  const kit = KIT.exec(member);
  if (kit) return placeOf(kit[3] ?? '', kit[1] ?? '', groupIn(kit[2] ?? ''), true);
  const plain = SOS.exec(member) ?? DUMP_LIST.exec(member);
  if (plain) return placeOf(plain[2] ?? '', plain[1] ?? '', 'kubernetes');
  return DUMP_NODES.test(member) ? placeOf('nodes', '', 'kubernetes') : undefined;
}

/** `apps/v1` is of group apps, `v1` of the core group. */
function groupIn(folder: string): string {
  if (folder === 'v1') return '';
  return folder.includes('/') ? folder.slice(0, folder.lastIndexOf('/')) : folder;
}

/** Where only the name of a resource stands, it is Kubernetes' own; metrics.k8s.io has nodes and pods, too, and Rancher settings. */
const OF_FOLDER: Readonly<Record<string, readonly string[]>> = {
  kubernetes: ['', 'apps', 'admissionregistration.k8s.io', 'coordination.k8s.io'],
  harvester: ['harvesterhci.io'],
};

function placeOf(plural: string, namespace: string, group: string, nulls = false): ListPlace | undefined {
  const groups = OF_FOLDER[group] ?? [group];
  const resource = RESOURCES.find((one) => one.plural === plural && groups.includes(one.group));
  if (resource === undefined || (resource.namespaces === undefined) !== (namespace === '')) return undefined;
  const { namespaces } = resource;
  const isWanted = namespaces === undefined || namespaces === 'all' || namespaces.includes(namespace);
  return isWanted ? { resource, namespace, nulls } : undefined;
}

/** The agent's log tells why a registration fails; `logs/NAMESPACE/POD/CONTAINER.log`, in a dump `NAMESPACE/POD/logs.txt`. */
const AGENT_LOG = /(?:^|\/)(cattle-system\/cattle-cluster-agent-[a-z0-9-]+)\/(?:[^/]+\.log|logs\.txt)$/;

/** `NAMESPACE/POD` whose log a member is; undefined of what no judgement reads. */
export function logPlaceOf(member: string): string | undefined {
  return AGENT_LOG.exec(member)?.[1];
}
