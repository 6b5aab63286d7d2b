import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type { IssuedCertificate } from './certificates.ts';

/** An admission webhook that allows everything, on a free port of 127.0.0.1. */
export interface LabWebhook {
  readonly port: number;
  /** Milliseconds before each answer. */
  delayMs: number;
  /** Serves with another certificate from the next connection on, and ends those there are. */
  serve(certificate: IssuedCertificate): Promise<void>;
  stop(): Promise<void>;
}

export async function webhookServer(certificate: IssuedCertificate): Promise<LabWebhook> {
  const tlsOf = async (issued: IssuedCertificate): Promise<{ cert: Buffer; key: Buffer }> => ({
    cert: await readFile(issued.certificate),
    key: await readFile(issued.key),
  });
  const server = createServer(await tlsOf(certificate), (asked, answer) => {
    const chunks: Buffer[] = [];
    asked.on('data', (chunk: Buffer) => chunks.push(chunk));
    asked.on('end', () => {
      const review = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { request: { uid: string } };
      const response = { uid: review.request.uid, allowed: true };
      void wait(webhook.delayMs).then(() => {
        answer.setHeader('content-type', 'application/json');
        answer.end(JSON.stringify({ ...review, request: undefined, response }));
      });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const webhook: LabWebhook = {
    port: (server.address() as AddressInfo).port,
    delayMs: 0,
    async serve(issued) {
      server.setSecureContext(await tlsOf(issued));
      server.closeAllConnections();
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return webhook;
}
