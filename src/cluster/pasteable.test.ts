import { expect, it } from 'vitest';
import { pasteable } from './pasteable.ts';

const named = (path: string) => ({ owner: 'option', path }) as const;

it.each([
  ['kubectl get nodes; kubectl version', 'kubectl --kubeconfig /a/b get nodes; kubectl --kubeconfig /a/b version'],
  ['ip neigh | kubectl get -f -', 'ip neigh | kubectl --kubeconfig /a/b get -f -'],
  ["kubectl --kubeconfig '/c' config view", "kubectl --kubeconfig '/c' config view"],
  ['ss -ltnp', 'ss -ltnp'],
])('%s', (command, wanted) => {
  expect(pasteable(command, named('/a/b'))).toBe(wanted);
});

it('leaves it to kubectl where that finds the same by itself', () => {
  for (const owner of ['environment', 'home', 'service-account'] as const) {
    expect(pasteable('kubectl get nodes', { owner, path: '/a/b' })).toBe('kubectl get nodes');
  }
});

it('a path is one word, whatever stands in it', () => {
  expect(pasteable('kubectl version', named("/a $& 'b"))).toBe("kubectl --kubeconfig '/a $& '\\''b' version");
});
