import { openConnection } from '../cluster/client/connection.ts';
import { counted } from '../fleet/controller/counted.ts';
import { fleetRoutes } from '../fleet/controller/http-answers.ts';
import { runHaywardController } from '../fleet/controller/run.ts';
import { makeFleetTally } from '../fleet/controller/tally.ts';
import { fleetLine, type TellFleet, tellingOnce } from '../fleet/controller/told.ts';
import type { Lang } from '../lang.ts';
import { eventLine, type Tell } from '../vm-networks/controller/events.ts';
import { networkFamilies } from '../vm-networks/controller/http-answers.ts';
import { makeTally } from '../vm-networks/controller/tally.ts';
import { answering } from './answering.ts';
import type { RawHaywardControllerOptions } from './controller.ts';
import { kubeconfigFor, unusable } from './found-kubeconfig.ts';
import { catchInterruption } from './interruption.ts';

type Options = RawHaywardControllerOptions & { readonly name: string; readonly lang: Lang };

/** `hayward controller`: runs until a signal or the loss of its lease; its log goes to standard error. */
export async function haywardControllerFlow(options: Options): Promise<void> {
  const { kubeconfig, namespace, name, defaultRoute, every, nodeConditions, statusEvery, listen, lang } = options;
  const tally = makeFleetTally();
  const networks = makeTally();
  const { client, found, path } = await opened(kubeconfig, tally.asked);
  const interruption = catchInterruption(() => undefined);
  let hasBegun = false;
  const words = { lang, json: process.stderr.isTTY !== true };
  const tell: TellFleet = (told) => {
    hasBegun ||= told.type === 'waiting' || told.type === 'judging';
    process.stderr.write(fleetLine(told, new Date(), words));
  };
  const tellNetworks: Tell = (event) => {
    process.stderr.write(eventLine(event, new Date(), words));
  };
  const routes = fleetRoutes(
    tally,
    () => hasBegun,
    () => networkFamilies(networks),
  );
  const server = listen === undefined ? undefined : await answering(listen, routes);
  try {
    const end = await runHaywardController({
      client,
      found,
      path,
      namespace,
      name,
      settings: { nodeConditions, statusEveryMs: statusEvery },
      networks: { settings: { everyMs: every, defaultRoute }, tell: tellingOnce(tellNetworks), tally: networks },
      tell,
      tally,
      signal: interruption.signal,
    });
    process.exitCode = end.kind === 'lost' ? 1 : 0;
  } finally {
    interruption.restore();
    server?.close();
    server?.closeAllConnections();
    client.close();
  }
}

async function opened(kubeconfig: string | undefined, asked: (verb: string) => void) {
  const environment = process.env;
  const { value: found, source } = await kubeconfigFor({
    environment,
    ...(kubeconfig !== undefined && { kubeconfig }),
  });
  const client = await openConnection(found.access);
  if (!client.known) throw unusable(client);
  return { client: counted(client.value, asked), found, path: source };
}
