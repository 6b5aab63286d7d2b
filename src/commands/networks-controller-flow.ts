import type { Lang } from '../lang.ts';
import { eventLine, type Tell } from '../vm-networks/controller/events.ts';
import { controllerRoutes } from '../vm-networks/controller/http-answers.ts';
import { runController } from '../vm-networks/controller/run.ts';
import { makeTally } from '../vm-networks/controller/tally.ts';
import { answering } from './answering.ts';
import { catchInterruption } from './interruption.ts';
import { kubeConnection } from './kube-connection.ts';
import type { RawControllerOptions } from './networks-controller.ts';

/** `hayward networks controller`: runs until a signal or the loss of its lease; its log goes to standard error. */
export async function controllerFlow(
  options: RawControllerOptions & { readonly name: string; readonly lang: Lang },
): Promise<void> {
  const { kubeconfig, namespace, name, defaultRoute, every, listen, lang } = options;
  const client = await kubeConnection(kubeconfig);
  const interruption = catchInterruption(() => undefined);
  const tally = makeTally();
  let hasBegun = false;
  const json = process.stderr.isTTY !== true;
  const tell: Tell = (event) => {
    hasBegun ||= event.type === 'waiting' || event.type === 'leading';
    process.stderr.write(eventLine(event, new Date(), { lang, json }));
  };
  const server =
    listen === undefined
      ? undefined
      : await answering(
          listen,
          controllerRoutes(tally, () => hasBegun),
        );
  try {
    const settings = { everyMs: every, defaultRoute };
    const end = await runController({ client, namespace, name, settings, tell, tally, signal: interruption.signal });
    process.exitCode = end.kind === 'lost' ? 1 : 0;
  } finally {
    interruption.restore();
    server?.close();
    server?.closeAllConnections();
    client.close();
  }
}
