const METHODS = [
  'Version',
  'RunPodSandbox',
  'StopPodSandbox',
  'RemovePodSandbox',
  'PodSandboxStatus',
  'ListPodSandbox',
  'ListContainers',
] as const;

/** A field of a message. Only messages are repeated. */
export interface CriField {
  readonly type: string;
  readonly id: number;
  readonly rule?: 'repeated';
}

/** A message's fields, or an enumeration's numbers, by name. */
export interface CriType {
  readonly fields?: Readonly<Record<string, CriField>>;
  readonly values?: Readonly<Record<string, number>>;
}

/**
 * The part of the container runtime interface that hayward speaks: package runtime.v1 of kubernetes/cri-api
 * (pkg/apis/runtime/v1/api.proto). Fields that are left out are skipped by whoever decodes. containerd serves this version
 * since 1.6, CRI-O since 1.20.
 */
export const CRI_TYPES: Readonly<Record<string, CriType>> = {
  VersionRequest: message({ version: ['string', 1] }),
  VersionResponse: message({
    version: ['string', 1],
    runtimeName: ['string', 2],
    runtimeVersion: ['string', 3],
    runtimeApiVersion: ['string', 4],
  }),
  PodSandboxMetadata: message({
    name: ['string', 1],
    uid: ['string', 2],
    namespace: ['string', 3],
    attempt: ['uint32', 4],
  }),
  NamespaceMode: { values: { POD: 0, CONTAINER: 1, NODE: 2, TARGET: 3 } },
  NamespaceOption: message({
    network: ['NamespaceMode', 1],
    pid: ['NamespaceMode', 2],
    ipc: ['NamespaceMode', 3],
  }),
  LinuxSandboxSecurityContext: message({ namespaceOptions: ['NamespaceOption', 1] }),
  LinuxPodSandboxConfig: message({
    cgroupParent: ['string', 1],
    securityContext: ['LinuxSandboxSecurityContext', 2],
  }),
  PodSandboxConfig: message({
    metadata: ['PodSandboxMetadata', 1],
    hostname: ['string', 2],
    logDirectory: ['string', 3],
    linux: ['LinuxPodSandboxConfig', 8],
  }),
  RunPodSandboxRequest: message({ config: ['PodSandboxConfig', 1], runtimeHandler: ['string', 2] }),
  RunPodSandboxResponse: message({ podSandboxId: ['string', 1] }),
  StopPodSandboxRequest: message({ podSandboxId: ['string', 1] }),
  StopPodSandboxResponse: message({}),
  RemovePodSandboxRequest: message({ podSandboxId: ['string', 1] }),
  RemovePodSandboxResponse: message({}),
  PodSandboxStatusRequest: message({ podSandboxId: ['string', 1] }),
  PodIP: message({ ip: ['string', 1] }),
  PodSandboxNetworkStatus: message({ ip: ['string', 1], additionalIps: ['PodIP', 2, 'repeated'] }),
  Namespace: message({ options: ['NamespaceOption', 2] }),
  LinuxPodSandboxStatus: message({ namespaces: ['Namespace', 1] }),
  PodSandboxState: { values: { SANDBOX_READY: 0, SANDBOX_NOTREADY: 1 } },
  PodSandboxStatus: message({
    id: ['string', 1],
    metadata: ['PodSandboxMetadata', 2],
    state: ['PodSandboxState', 3],
    createdAt: ['int64', 4],
    network: ['PodSandboxNetworkStatus', 5],
    linux: ['LinuxPodSandboxStatus', 6],
  }),
  PodSandboxStatusResponse: message({ status: ['PodSandboxStatus', 1] }),
  ListPodSandboxRequest: message({}),
  PodSandbox: message({
    id: ['string', 1],
    metadata: ['PodSandboxMetadata', 2],
    state: ['PodSandboxState', 3],
    createdAt: ['int64', 4],
  }),
  ListPodSandboxResponse: message({ items: ['PodSandbox', 1, 'repeated'] }),
  ListContainersRequest: message({}),
  ContainerState: {
    values: { CONTAINER_CREATED: 0, CONTAINER_RUNNING: 1, CONTAINER_EXITED: 2, CONTAINER_UNKNOWN: 3 },
  },
  Container: message({
    id: ['string', 1],
    podSandboxId: ['string', 2],
    state: ['ContainerState', 6],
    createdAt: ['int64', 7],
  }),
  ListContainersResponse: message({ containers: ['Container', 1, 'repeated'] }),
};

/** The same with its service, as protobuf's own JSON form of a schema. */
export const CRI_SCHEMA = {
  nested: { runtime: { nested: { v1: { nested: { ...CRI_TYPES, RuntimeService: service(METHODS) } } } } },
};

export const CRI_SERVICE = 'runtime.v1.RuntimeService';

export type CriMethod = (typeof METHODS)[number];

/** Type and number of a field, as api.proto gives them. */
type Field = readonly [type: string, id: number, rule?: 'repeated'];

function message(fields: Readonly<Record<string, Field>>): CriType {
  const entries = Object.entries(fields).map(([name, [type, id, rule]]): [string, CriField] => [
    name,
    { type, id, ...(rule && { rule }) },
  ]);
  return { fields: Object.fromEntries(entries) };
}

function service(methods: readonly string[]) {
  return {
    methods: Object.fromEntries(
      methods.map((name) => [name, { requestType: `${name}Request`, responseType: `${name}Response` }]),
    ),
  };
}
