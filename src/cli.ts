#!/usr/bin/env node
import { VERSION } from './version.ts';

// Answered before anything is loaded: scripts ask for the version often.
if (process.argv[2] === '--version' || process.argv[2] === '-V') {
  process.stdout.write(`${VERSION}\n`);
} else {
  const { run } = await import('./commands/program.ts');
  await run(process.argv);
}
