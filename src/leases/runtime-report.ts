import type { JudgedLeases } from './observe.ts';

/** Who was asked what runs on a node, as `hayward leases` prints it. */
export interface RuntimeReport {
  readonly target: string;
  /** The socket that answered; empty where none did, unless it was named by the user. */
  readonly socket: string;
  /** How many sandboxes it lists, dead ones included; null where it could not be asked. */
  readonly sandboxes: number | null;
  /** Why it could not be asked. */
  readonly unknown?: { readonly reason: string; readonly detail: string };
}

/** The runtime of one node. None of a node that gave no answer at all. */
export function runtimeReports({ capture, look }: JudgedLeases): readonly RuntimeReport[] {
  if (capture.unreachable) return [];
  const { socket, sandboxes } = look.runtime;
  const target = capture.target.name;
  if (sandboxes.known) return [{ target, socket, sandboxes: sandboxes.value.length }];
  const { reason, detail } = sandboxes;
  return [{ target, socket, sandboxes: null, unknown: { reason, detail } }];
}
