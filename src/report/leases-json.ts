import { harmlessJson } from '../hosts/sanitise.ts';
import type { Lang } from '../lang.ts';
import { leaseReport, type NetworkReport } from '../leases/report.ts';

/** Leases in one piece of text: enough to be quick, few enough to be small. */
const LEASES_A_PIECE = 500;

/**
 * What `leases` and `leases reclaim` print as JSON: the fields of `head`, then the networks, each lease on one line. In
 * pieces, for the leases of a full /16 are some twenty megabytes.
 */
export function* leasesJson(head: object, networks: readonly NetworkReport[], lang: Lang): Generator<string> {
  yield `${opened(head, '')}  "networks": [`;
  for (const [nth, network] of networks.entries()) {
    yield nth === 0 ? '\n    ' : ',\n    ';
    yield* networkJson(network, lang);
  }
  yield networks.length === 0 ? ']\n}\n' : '\n  ]\n}\n';
}

function* networkJson({ verdicts, ...network }: NetworkReport, lang: Lang): Generator<string> {
  yield `${opened(network, '    ')}      "leases": [`;
  for (let from = 0; from < verdicts.length; from += LEASES_A_PIECE) {
    // Harmless by themselves: an address, an id and a name of checked letters, a date, and words made so (why.ts).
    const lines = verdicts
      .slice(from, from + LEASES_A_PIECE)
      .map((verdict) => `\n        ${JSON.stringify(leaseReport(verdict, lang))}`);
    yield (from === 0 ? '' : ',') + lines.join(',');
  }
  yield verdicts.length === 0 ? ']\n    }' : '\n      ]\n    }';
}

/** An object with at least one field as JSON.stringify lays it out, set in, and left open for another field. */
function opened(fields: object, inset: string): string {
  const text = harmlessJson(JSON.stringify(fields, undefined, 2));
  return `${text.slice(0, -'\n}'.length).replaceAll('\n', `\n${inset}`)},\n`;
}
