import { known, type Reading } from '../../hosts/reading.ts';
import { type KubeClient, readerOn } from './client.ts';
import { execOn, type KubeExec } from './exec.ts';
import type { Access } from './kubeconfig.ts';
import { type KubeWatcher, watcherOn } from './watch.ts';
import { openWire, type Wire } from './wire.ts';
import { type KubeWriter, writerOn } from './write.ts';

/** A client that may write and watch too. What only reads is given a KubeClient. */
export interface KubeConnection extends KubeClient, KubeWriter, KubeWatcher, KubeExec {
  /** The same server and credentials over connections of its own: waits for nothing that this one still has to do. */
  apart(): KubeConnection;
}

/** Opens one as openClient does: reads the files the access names, connects to nothing. */
export async function openConnection(access: Access): Promise<Reading<KubeConnection>> {
  const wire = await openWire(access);
  return wire.known ? known(connectionOn(wire.value), wire.source) : wire;
}

function connectionOn(wire: Wire): KubeConnection {
  return {
    ...readerOn(wire),
    ...writerOn(wire),
    ...watcherOn(wire),
    ...execOn(wire),
    apart: () => connectionOn(wire.apart()),
  };
}
