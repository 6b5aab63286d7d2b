// Brings what the tests need from the system, where it can, and says what it could not.
import { pathToFileURL } from 'node:url';
import { bringSystemPackages } from './setup/system-packages.mjs';
import { lacking } from './setup/tiers.mjs';

/** By tier (unit, kernel, kube, vm), why it cannot run; an empty list where it can. */
export async function setUp(say) {
  return lacking(await bringSystemPackages(say), say);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const tiers = await setUp((line) => console.log(line));
  const lacks = Object.entries(tiers).flatMap(([tier, reasons]) => reasons.map((why) => `${tier} tests: ${why}`));
  for (const line of lacks) console.log(line);
  if (process.env.CI === 'true' && lacks.length > 0) process.exit(1);
}
