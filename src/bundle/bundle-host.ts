import type { Capture } from '../hosts/capture.ts';
import type { Host } from '../hosts/host.ts';

/** A node as it was when a bundle was made: whatever is asked, it answers what is in the bundle. */
export function bundleHost(capture: Capture): Host {
  const recorded: Capture = { ...capture, target: { name: capture.target.name, via: 'bundle' } };
  return { name: recorded.target.name, via: 'bundle', collect: async () => recorded };
}
