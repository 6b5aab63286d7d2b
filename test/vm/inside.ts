import { expect } from 'vitest';
import { probeArgv } from '../../lab/lab.ts';
import type { Probe } from '../../lab/topology.ts';
import type { BootMachineOptions, DebianMachine } from '../../lab/vm/debian.ts';

/** A test of several boots, each with programs of ours on an emulated processor. */
export const SEVERAL_BOOTS_MS = 2_400_000;

/** Boots a script that must succeed and gives its output as lines. */
export async function linesOf(
  machine: DebianMachine,
  script: string,
  options: BootMachineOptions = {},
): Promise<string[]> {
  const { output, exitCode, console } = await machine.boot(script, { timeoutMs: 1_200_000, ...options });
  expect(exitCode, `${output}\n${console}`).toBe(0);
  return output.trim().split('\n');
}

/** Shell text that sends a probe from its node's namespace and says `NAME: answered` or `NAME: lost`. */
export function probe(name: string, sent: Probe): string {
  const argv = probeArgv(sent).map((word) => `'${word}'`);
  return `if ip netns exec ${sent.from} ${argv.join(' ')} >/dev/null 2>&1; then echo '${name}: answered'; else echo '${name}: lost'; fi`;
}

const LIST = `const { findings } = JSON.parse(require("fs").readFileSync(0, "utf8"));
for (const { problem, status, subject } of findings) if (status === "problem") console.log(problem + " found: " + subject);`;

/** Shell text that judges the machine and says \`PROBLEM found: SUBJECT\` for each. */
export function doctor(...args: readonly string[]): string {
  return `hayward doctor --json ${args.join(' ')} > /tmp/doctor.json; node -e '${LIST}' < /tmp/doctor.json`;
}
