import { describe, expect, it } from 'vitest';
import { beginTenure } from './tenure.ts';

const HOUR_MS = 3_600_000;

describe('a tenure', () => {
  it('ends by its own side while it holds', () => {
    const tenure = beginTenure(performance.now(), HOUR_MS);
    expect(tenure.holds()).toBe(true);
    tenure.end({ kind: 'ended' });
    expect([tenure.why(), tenure.over.aborted, tenure.holds()]).toEqual([{ kind: 'ended' }, true, true]);
    tenure.close();
    expect(tenure.holds()).toBe(false);
  });

  it('was lost when it had run out before its own side ended it, though no timer has told so yet', () => {
    const tenure = beginTenure(performance.now() - 5_000, 4_000);
    expect(tenure.holds()).toBe(false);
    tenure.end({ kind: 'ended' });
    expect(tenure.why()).toEqual({ kind: 'lost', detail: 'not renewed for 4 s' });
  });

  it('is not renewed by what comes too late', () => {
    const tenure = beginTenure(performance.now() - 5_000, 4_000);
    tenure.renewed(performance.now());
    expect(tenure.why()).toMatchObject({ kind: 'lost' });
  });

  it('keeps its first end', () => {
    const tenure = beginTenure(performance.now(), HOUR_MS);
    tenure.end({ kind: 'lost', detail: 'other took the lease' });
    tenure.end({ kind: 'ended' });
    expect(tenure.why()).toEqual({ kind: 'lost', detail: 'other took the lease' });
  });
});
