import { join } from 'node:path';
import type { LabApiServer } from '../kube/api-server.ts';
import { type Daemon, startDaemon } from '../kube/processes.ts';
import type { NodePrograms } from '../kube/programs.ts';

/**
 * Starts kube-controller-manager and kube-scheduler beside an API server, each as the user that Kubernetes' own roles are for; they
 * listen nowhere, and write their logs into `folder`. Returns them running.
 */
export async function startControlPlane(
  server: LabApiServer,
  programs: NodePrograms,
  folder: string,
): Promise<readonly Daemon[]> {
  const manager = await server.user({ name: 'system:kube-controller-manager' });
  const scheduler = await server.user({ name: 'system:kube-scheduler' });
  return Promise.all([
    startDaemon(
      [
        programs.kubeControllerManager,
        ...alone(manager.kubeconfig),
        // Each controller by the role of its own, or the user above could do next to nothing (RBAC's bootstrap policy).
        '--use-service-account-credentials=true',
        // It would make its usual place, /usr/libexec/kubernetes, on this machine.
        `--flex-volume-plugin-dir=${join(folder, 'volume-plugins')}`,
        `--root-ca-file=${server.authority.certificate}`,
      ],
      join(folder, 'kube-controller-manager.log'),
    ),
    startDaemon([programs.kubeScheduler, ...alone(scheduler.kubeconfig)], join(folder, 'kube-scheduler.log')),
  ]);
}

function alone(kubeconfig: string): readonly string[] {
  return [`--kubeconfig=${kubeconfig}`, '--secure-port=0', '--leader-elect=false'];
}
