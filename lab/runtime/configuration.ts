import { PAUSE_IMAGE } from './pause-image.ts';
import type { RuntimePrograms } from './programs.ts';

/** The network of the machine's Pods, named as Canal's is. */
export const NETWORK = 'k8s-pod-network';

export const BRIDGE = 'cni0';

/**
 * The bridge is made at boot, with this address. One that the bridge plugin (1.1.1) made for an ADD which then failed has no
 * address once its port is gone, and the next ADD ends in "could not set bridge's mac: invalid argument".
 */
export const BRIDGE_ADDRESS = '0a:58:0a:34:00:01';

/** A bridge with host-local's addresses: the kernel's work and host-local's own are the same under calico's plugin. */
export function cniConfig(subnet: string): string {
  const bridge = {
    type: 'bridge',
    bridge: BRIDGE,
    isGateway: true,
    ipam: { type: 'host-local', ranges: [[{ subnet }]] },
  };
  return JSON.stringify({ cniVersion: '0.3.1', name: NETWORK, plugins: [bridge] }, null, 2);
}

/** `native` copies whole images and works on every file system, `overlayfs` copies nothing and cannot lie on another overlay. */
export type Snapshotter = 'native' | 'overlayfs';

interface ContainerdOptions extends RuntimePrograms {
  readonly socket: string;
  readonly snapshotter: Snapshotter;
}

/** containerd's configuration. `restrict_oom_score_adj`: a machine without CAP_SYS_RESOURCE refuses negative values. */
export function containerdConfig({ socket, plugins, runc, snapshotter }: ContainerdOptions): string {
  const cri = 'plugins."io.containerd.grpc.v1.cri"';
  return `version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
disabled_plugins = ["io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs", "io.containerd.tracing.processor.v1.otlp", "io.containerd.internal.v1.tracing"]
[grpc]
  address = ${JSON.stringify(socket)}
[${cri}]
  sandbox_image = ${JSON.stringify(PAUSE_IMAGE)}
  restrict_oom_score_adj = true
  disable_apparmor = true
  [${cri}.cni]
    bin_dir = ${JSON.stringify(plugins)}
    conf_dir = "/etc/cni/net.d"
  [${cri}.containerd]
    snapshotter = ${JSON.stringify(snapshotter)}
    default_runtime_name = "runc"
    [${cri}.containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [${cri}.containerd.runtimes.runc.options]
        BinaryName = ${JSON.stringify(runc)}
`;
}
