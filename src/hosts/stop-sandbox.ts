import { connectCri } from './cri/client.ts';
import { findCriSocket } from './cri/listing.ts';
import { HostError } from './host.ts';

/**
 * Has a runtime of this machine stop a sandbox, as the kubelet does with one that died. One it no longer knows was stopped
 * before it was forgotten: containerd calls that an error, though CRI wants a success. Throws HostError.
 */
export async function stopSandboxHere(socket: string, id: string): Promise<void> {
  const place = socket === '' ? findCriSocket() : socket;
  if (place === undefined) throw new HostError(`stop sandbox ${id}: no container runtime was found`, 'absent');
  const client = await connectCri(place);
  if (!client.known) throw new HostError(`stop sandbox ${id}: ${client.detail}`, client.reason);
  try {
    await client.value.stop(id);
  } catch (error) {
    if (!(error instanceof HostError) || error.code !== 'NOT_FOUND') throw error;
  } finally {
    client.value.close();
  }
}
