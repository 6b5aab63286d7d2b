import { viewOf } from '../../hosts/capture.ts';
import type { ActingHost } from '../../hosts/host.ts';
import { known, type Reading } from '../../hosts/reading.ts';
import type { Actions, StepOf } from '../actions.ts';
import type { ImageOf } from '../image.ts';
import { runOrThrow } from '../run.ts';

/** Directories that exist while the daemon runs (sd_booted(3); udevd's own). */
const RUNTIME = { systemd: '/run/systemd/system', udev: '/run/udev' } as const;
const COMMAND = { systemd: ['systemctl', 'daemon-reload'], udev: ['udevadm', 'control', '--reload'] } as const;

export const reload: Actions<'reload'> = {
  volatile: false,
  observe,
  // Without a daemon there is nobody to tell; with one, it is told every time: what it has read cannot be seen.
  asWanted: (_step, image) => !image.running,
  apply: tell,
  differences: () => [],
  async restore(host, step, before) {
    if (before.running) await tell(host, step);
    return undefined;
  },
};

async function tell(host: ActingHost, step: StepOf<'reload'>): Promise<void> {
  await runOrThrow(host, COMMAND[step.what]);
}

async function observe(host: ActingHost, step: StepOf<'reload'>): Promise<Reading<ImageOf<'reload'>>> {
  const path = RUNTIME[step.what];
  const listed = viewOf(await host.collect([{ kind: 'list', path }])).list(path);
  if (!listed.known && listed.reason !== 'absent') return listed;
  return known({ kind: 'reload', running: listed.known }, path);
}
