import { readFileSync } from 'node:fs';
import type { Capture } from '../src/hosts/capture.ts';

/** A whole recorded node by its directory's name below fixtures/nodes. */
export function fixture(name: string): Capture {
  return JSON.parse(
    readFileSync(new URL(`../fixtures/nodes/${name}/capture.json`, import.meta.url), 'utf8'),
  ) as Capture;
}
