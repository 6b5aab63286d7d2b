import type { Reading } from '../../hosts/reading.ts';
import type { KubeClient } from './client.ts';
import type { Access } from './kubeconfig.ts';
import type { KubeWatcher } from './watch.ts';
import type { KubeWriter } from './write.ts';

/** A client that may write and watch too. What only reads is given a KubeClient. */
export interface KubeConnection extends KubeClient, KubeWriter, KubeWatcher {}

/** Opens one as openClient does: reads the files the access names, connects to nothing. */
export declare function openConnection(access: Access): Promise<Reading<KubeConnection>>;
