import { connectCri } from './cri/client.ts';
import { HostError } from './host.ts';

/** Has this machine's runtime stop a sandbox, as the kubelet does with one that died. Throws HostError. */
export async function stopSandboxHere(socket: string, id: string): Promise<void> {
  const client = await connectCri(socket);
  if (!client.known) throw new HostError(`stop sandbox ${id}: ${client.detail}`, client.reason);
  try {
    await client.value.stop(id);
  } finally {
    client.value.close();
  }
}
