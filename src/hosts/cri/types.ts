/** Messages of runtime.v1 as hayward reads them: enumerations by name, 64-bit numbers as decimal text. */

export interface CriVersion {
  readonly runtimeName: string;
  readonly runtimeVersion: string;
  readonly runtimeApiVersion: string;
}

export interface CriMetadata {
  readonly name: string;
  readonly uid: string;
  readonly namespace: string;
  readonly attempt: number;
}

/** `SANDBOX_READY` or `SANDBOX_NOTREADY`; anything else comes from a runtime that knows more than we do. */
export type CriSandboxState = 'SANDBOX_READY' | 'SANDBOX_NOTREADY' | string | number;

export interface CriSandbox {
  readonly id: string;
  readonly metadata: CriMetadata | null;
  readonly state: CriSandboxState;
  /** Nanoseconds since 1970, decimal. */
  readonly createdAt: string;
}

export interface CriSandboxStatus {
  readonly status: {
    readonly id: string;
    readonly state: CriSandboxState;
    readonly network: { readonly ip: string; readonly additionalIps: readonly { readonly ip: string }[] } | null;
    readonly linux: {
      readonly namespaces: { readonly options: { readonly network: string | number } | null } | null;
    } | null;
  } | null;
}

export interface CriContainer {
  readonly id: string;
  readonly podSandboxId: string;
  readonly state: string | number;
  /** Nanoseconds since 1970, decimal. */
  readonly createdAt: string;
}

/** What a sandbox is to be: the kubelet sends more, a runtime needs no more. */
export interface CriSandboxConfig {
  readonly metadata: CriMetadata;
  readonly hostname?: string;
  readonly logDirectory?: string;
  readonly linux?: {
    readonly cgroupParent?: string;
    readonly securityContext?: { readonly namespaceOptions?: { readonly network?: 'POD' | 'NODE' } };
  };
}
