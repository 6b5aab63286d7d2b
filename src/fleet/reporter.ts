import { setTimeout as wait } from 'node:timers/promises';
import type { KubeConnection } from '../cluster/client/connection.ts';
import { pausesFor } from '../cluster/client/pauses.ts';
import type { Reading } from '../hosts/reading.ts';
import { makeSettling } from './settling.ts';
import { type ReportTrouble, type Speaker, type SpeakerOptions, speakerTo } from './speaker.ts';

/** How it stands with reporting. */
export interface ReportStanding {
  readonly node: string;
  /** Empty until there are credentials. */
  readonly server: string;
  /** RFC 3339: when the API server last took what it was told; null before. */
  readonly heardAt: string | null;
  readonly trouble: ReportTrouble | null;
}

export interface ReporterOptions extends Pick<SpeakerOptions, 'node' | 'judgement' | 'signal' | 'renewMs'> {
  /** Credentials may come later than the guard, which runs before the kubelet does; and they change. */
  readonly open: () => Promise<Reading<KubeConnection>>;
  /** Told once it goes well, when trouble lasts or is another, and when it is over. */
  readonly onChange: (standing: ReportStanding) => void;
  /** Between two looks at what there is to say, in milliseconds. */
  readonly lookMs?: number;
}

export interface Reporter {
  readonly standing: () => ReportStanding;
  readonly ended: Promise<void>;
}

const LOOK_MS = 5_000;
/** An API server that is restarted is no trouble worth a line. */
const FAILURES_TOLD = 3;

/**
 * Says what a node is like in its NodeReport, when something of it changes, and in its Lease that somebody lives who would. In the
 * background until the signal ends it: whatever the API server does, nothing is thrown and nobody waits.
 */
export function startReporter({ open, onChange, lookMs = LOOK_MS, ...speaking }: ReporterOptions): Reporter {
  const { node, signal } = speaking;
  const settling = makeSettling();
  let client: KubeConnection | undefined;
  let speaker: Speaker | undefined;
  let standing: ReportStanding = { node, server: '', heardAt: null, trouble: null };
  let failures = 0;
  let told: ReportTrouble['kind'] | 'well' | undefined;

  async function speakerNow(): Promise<Speaker | ReportTrouble> {
    if (speaker) return speaker;
    const opened = await open();
    if (!opened.known) return { kind: 'credentials', detail: opened.detail };
    client = opened.value;
    standing = { ...standing, server: client.server };
    const heard = (): void => {
      standing = { ...standing, heardAt: new Date().toISOString() };
    };
    speaker = speakerTo({ ...speaking, client, settling, heard });
    return speaker;
  }
  function hangUp(): void {
    client?.close();
    client = undefined;
    speaker = undefined;
  }
  async function turn(): Promise<ReportTrouble | undefined> {
    const now = await speakerNow();
    if (!('turn' in now)) return now;
    const trouble = await now.turn();
    // Credentials may have been replaced on the disk.
    if (trouble?.kind === 'denied') hangUp();
    return trouble;
  }
  function note(trouble: ReportTrouble | undefined): void {
    standing = { ...standing, trouble: trouble ?? null };
    failures = trouble?.kind === 'failed' ? failures + 1 : 0;
    const word = trouble?.kind ?? 'well';
    if (word === told || (word === 'failed' && failures < FAILURES_TOLD)) return;
    told = word;
    onChange(standing);
  }
  async function run(): Promise<void> {
    const pauses = pausesFor(signal);
    while (!signal.aborted) {
      const trouble = await turn();
      if (signal.aborted) break;
      note(trouble);
      if (trouble) await pauses.next();
      else {
        pauses.begin();
        await wait(lookMs, undefined, { signal }).catch(() => undefined);
      }
    }
    hangUp();
  }
  return { standing: () => standing, ended: run() };
}
