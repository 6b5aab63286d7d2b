// What the benchmarks of VM networks share: the controller as it is shipped, and when a network has its true state.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const CLI = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
const ROUTE = 'network.harvesterhci.io/route';
const LIMIT_MS = 300_000;

/** Reads the two places a network's state shows: its VMNetwork, and the annotation Harvester shows. */
export function watchStates(lab, client, signal) {
  const changed = new Set();
  const tell = () => {
    for (const look of changed) look();
  };
  const common = { client, signal, onChange: tell };
  const reports = lab.inform({
    ...common,
    path: '/apis/hayward.internal/v1alpha1/vmnetworks',
    read: ({ status }) => status?.conditions?.map(({ type, status: is }) => `${type}=${is}`).join(' '),
  });
  const routes = lab.inform({
    ...common,
    path: '/apis/k8s.cni.cncf.io/v1/network-attachment-definitions',
    read: ({ metadata }) => JSON.parse(metadata.annotations?.[ROUTE] ?? '{}').connectivity ?? '',
  });
  const isTrue = (key) =>
    reports.items.get(key) === 'Connected=True HarvesterAgrees=True' && routes.items.get(key) === 'true';
  return {
    ended: Promise.all([reports.ended, routes.ended]),
    /** When all of some networks have their true state. */
    async settled(keys) {
      const missing = new Set(keys);
      await new Promise((resolve, reject) => {
        const limit = setTimeout(() => reject(new Error(`${missing.size} networks did not settle`)), LIMIT_MS);
        const look = () => {
          for (const key of missing) if (isTrue(key)) missing.delete(key);
          if (missing.size > 0) return;
          clearTimeout(limit);
          changed.delete(look);
          resolve();
        };
        changed.add(look);
        look();
      });
    },
  };
}

export function startController(kubeconfig, name) {
  const argv = [CLI, 'networks', 'controller', '--default-route', 'auto', '--name', name];
  return spawn(process.execPath, [...argv, '--kubeconfig', kubeconfig], { stdio: ['ignore', 'ignore', 'pipe'] });
}

/** The controller that judges the nodes too. */
export function startHaywardController(kubeconfig, name) {
  const argv = [CLI, 'controller', '--name', name, '--kubeconfig', kubeconfig];
  return spawn(process.execPath, argv, { stdio: ['ignore', 'ignore', 'pipe'] });
}

/** Ends it in order. */
export async function stop(controller) {
  controller.kill('SIGTERM');
  const [status] = await once(controller, 'exit');
  if (status !== 0) throw new Error(`the controller ended with ${status}`);
}

/** Until the controller says that it leads. */
export function leading(controller) {
  return toldBy(controller, '"leading"');
}

/** Until the controller's log says something; what it says later is not read. */
export async function toldBy(controller, word) {
  let log = '';
  for await (const chunk of controller.stderr) {
    log += chunk;
    if (log.includes(word)) break;
  }
  if (!log.includes(word)) throw new Error(`the controller did not say ${word}: ${log}`);
}
