// Installing a package may start its service. Debian asks /usr/sbin/policy-rc.d first: ours denies, while it is there.
import { existsSync, lstatSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';

const PLACE = '/usr/sbin/policy-rc.d';
const MARK = '# hayward: no service starts while the packages for the tests are installed';
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

const keptAt = (policy) => `${policy}.before-hayward`;
const present = (path) => lstatSync(path, { throwIfNoEntry: false }) !== undefined;
const isOurs = (policy) => existsSync(policy) && readFileSync(policy, 'utf8').includes(MARK);

/** Brings back whatever policy was there, also one that a killed run left aside. */
function restore(policy) {
  if (isOurs(policy)) rmSync(policy);
  if (present(keptAt(policy))) renameSync(keptAt(policy), policy);
}

/** Awaits `work` under a policy that denies every start, and brings the former policy back whatever happens. */
export async function withoutServiceStarts(work, policy = PLACE) {
  let caught;
  const note = (signal) => {
    caught = signal;
  };
  // With a listener a signal no longer ends us at once, in the middle of the work: the policy is restored first.
  for (const signal of SIGNALS) process.on(signal, note);
  try {
    restore(policy);
    if (present(policy)) renameSync(policy, keptAt(policy));
    writeFileSync(policy, `#!/bin/sh\n${MARK}\nexit 101\n`, { mode: 0o755 });
    await work();
  } finally {
    restore(policy);
    // A signal that came together with the end of the work is told only when the loop has gone round.
    await nextTurn();
    await nextTurn();
    for (const signal of SIGNALS) process.off(signal, note);
    if (caught) process.kill(process.pid, caught);
  }
}
