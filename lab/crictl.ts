import { fileURLToPath } from 'node:url';
import { goProgram } from './go.ts';

/** The real crictl 1.30, as RKE2, k3s and KubeKey put it on a node; Debian packages none. Built once; see goProgram for what that needs. */
export function crictl(): Promise<string> {
  const module = fileURLToPath(new URL('./crictl', import.meta.url));
  const ldflags = '-s -w -X github.com/kubernetes-sigs/cri-tools/pkg/version.Version=1.30.0';
  return goProgram({ module, package: 'github.com/kubernetes-sigs/cri-tools/cmd/crictl', name: 'crictl', ldflags });
}
