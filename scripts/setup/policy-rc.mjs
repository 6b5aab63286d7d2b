// Installing a package may start its service. Debian asks /usr/sbin/policy-rc.d first: ours denies, while it is there.
import { existsSync, lstatSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';

const POLICY = '/usr/sbin/policy-rc.d';
const KEPT = `${POLICY}.before-hayward`;
const MARK = '# hayward: no service starts while the packages for the tests are installed';
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

const present = (path) => lstatSync(path, { throwIfNoEntry: false }) !== undefined;
const isOurs = () => existsSync(POLICY) && readFileSync(POLICY, 'utf8').includes(MARK);

/** Brings back whatever policy was there, also one that a killed run left aside. */
export function restorePolicy() {
  if (isOurs()) rmSync(POLICY);
  if (present(KEPT)) renameSync(KEPT, POLICY);
}

/** Runs `work` (synchronous) under a policy that denies every start, and brings the former policy back whatever happens. */
export async function withoutServiceStarts(work) {
  let caught;
  const note = (signal) => {
    caught = signal;
  };
  // With a listener a signal no longer ends us at once, in the middle of the work: the policy is restored first.
  for (const signal of SIGNALS) process.on(signal, note);
  try {
    restorePolicy();
    if (present(POLICY)) renameSync(POLICY, KEPT);
    writeFileSync(POLICY, `#!/bin/sh\n${MARK}\nexit 101\n`, { mode: 0o755 });
    work();
  } finally {
    restorePolicy();
    // Signals that came meanwhile are told only when the loop has polled: between one turn's end and the next one's.
    for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
    for (const signal of SIGNALS) process.off(signal, note);
    if (caught) process.kill(process.pid, caught);
  }
}
