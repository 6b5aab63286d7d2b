import { harmlessJson } from '../hosts/sanitise.ts';
import type { Bilingual, Lang } from '../lang.ts';
import type { LeaseVerdict } from '../leases/model.ts';
import { type NetworkReport, sinceOf } from '../leases/report.ts';

/** Leases in one piece of text: enough to be quick, few enough to be small. */
const LEASES_A_PIECE = 400;

/**
 * What `leases` and `leases reclaim` print as JSON: the fields of `head`, then the networks, each lease on one line. In
 * pieces, for the leases of a full /16 are some twenty megabytes.
 */
export function* leasesJson(head: object, networks: readonly NetworkReport[], lang: Lang): Generator<string> {
  const lineOf = lineWriter(lang);
  yield `${opened(head, '')}  "networks": [`;
  for (const [nth, network] of networks.entries()) {
    yield nth === 0 ? '\n    ' : ',\n    ';
    yield* networkJson(network, lineOf);
  }
  yield networks.length === 0 ? ']\n}\n' : '\n  ]\n}\n';
}

type LineWriter = (verdict: LeaseVerdict) => string;

function* networkJson({ verdicts, ...network }: NetworkReport, lineOf: LineWriter): Generator<string> {
  yield `${opened(network, '    ')}      "leases": [`;
  for (let from = 0; from < verdicts.length; from += LEASES_A_PIECE) {
    const lines = verdicts.slice(from, from + LEASES_A_PIECE).map(lineOf);
    yield (from === 0 ? '\n        ' : ',\n        ') + lines.join(',\n        ');
  }
  yield verdicts.length === 0 ? ']\n    }' : '\n      ]\n    }';
}

/**
 * Writes a lease as JSON.stringify writes its `leaseReport`, in half the time: an address, an id, a date and a state are checked
 * letters that need no escape, and the same few reasons stand behind thousands of leases. All of it is harmless by
 * itself: an interface's name is printable ASCII (listing.ts), and words are made harmless in why.ts.
 */
function lineWriter(lang: Lang): LineWriter {
  const known = new Map<Bilingual, string>();
  const wordsOf = (reason: Bilingual): string => {
    const words = known.get(reason) ?? JSON.stringify(reason[lang]);
    known.set(reason, words);
    return words;
  };
  return ({ lease, state, why }) => {
    const holder = `"containerId":"${lease.containerId}","ifName":${JSON.stringify(lease.ifName)}`;
    const reasons = why.map(wordsOf).join(',');
    return `{"ip":"${lease.ip}",${holder},"since":"${sinceOf(lease)}","state":"${state}","why":[${reasons}]}`;
  };
}

/** An object with at least one field as JSON.stringify lays it out, set in, and left open for another field. */
function opened(fields: object, inset: string): string {
  const text = harmlessJson(JSON.stringify(fields, undefined, 2));
  return `${text.slice(0, -'\n}'.length).replaceAll('\n', `\n${inset}`)},\n`;
}
