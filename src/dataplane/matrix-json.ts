import { type Cell, KINDS, matrixOf, type Outcome, type Probed } from './matrix.ts';

/** The kinds in the shape scripts read: `kinds.KIND.FROM.TO`; `ok` is null where nothing is known, `error` then says why. */
export function kindsJson(all: readonly Probed[]): object {
  return Object.fromEntries(
    KINDS.map((kind) => [
      kind,
      Object.fromEntries(
        [...matrixOf(all, kind)].map(([from, row]) => [
          from,
          Object.fromEntries([...row].map(([to, cell]) => [to, cellJson(cell)])),
        ]),
      ),
    ]),
  );
}

function cellJson({ ok, ms, error, probes }: Cell): object {
  return {
    ok: ok ?? null,
    ms: ms ?? null,
    error,
    probes: probes.map(({ protocol, size, backend, outcome }) => ({
      protocol,
      size,
      ...(backend !== undefined && { backend }),
      ...outcomeJson(outcome),
    })),
  };
}

function outcomeJson(outcome: Outcome): object {
  switch (outcome.kind) {
    case 'answered':
      return { ok: true, ms: outcome.ms };
    case 'lost':
      return { ok: false, error: outcome.error };
    case 'unknown':
      return { ok: null, unknown: { reason: outcome.reason, detail: outcome.detail } };
  }
}
