import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isInterrupted, isOpenTrial } from './interrupted.ts';
import { readJournal } from './run-record.ts';

const plan = [
  {
    problem: 'ip-forward',
    id: 'set',
    summary: { en: 'x', 'zh-CN': 'x' },
    risk: 'low',
    scope: 'now',
    steps: [{ kind: 'setting', key: 'net/ipv4/ip_forward', value: '1' }],
  },
];
const header = {
  type: 'run',
  schema: 1,
  run: 'r',
  at: 't',
  target: { name: 'n', via: 'local' },
  bootId: 'b',
  tool: '1',
  plan,
};
const intent = { type: 'intent', step: 0, at: 't', before: { kind: 'setting', value: '0', companions: {} } };
const lines = (...records: readonly object[]) => records.map((record) => `${JSON.stringify(record)}\n`).join('');

describe('a journal', () => {
  it('tells how far each step came', () => {
    const done = { type: 'done', step: 0, at: 't', result: 'applied' };
    const phase = (...records: readonly object[]) => {
      const run = readJournal(lines(header, ...records));
      return 'corrupt' in run ? run.corrupt : run.steps[0]?.phase;
    };
    expect(phase()).toBe('planned');
    expect(phase(intent)).toBe('intended');
    expect(phase(intent, done)).toBe('done');
    expect(phase(intent, done, { type: 'undoing', step: 0, at: 't' })).toBe('undoing');
    expect(phase({ ...intent, step: 1 })).toContain('step 1, which was never planned');
    expect(phase(header)).toBe('it holds two runs');
  });

  it('of a run on trial tells how that stands, and the first decision holds', () => {
    const terms = { lastsMs: 1000, by: { pid: 1, start: 2 } };
    const onTrial = { ...header, trial: terms };
    const trial = (...records: readonly object[]) => {
      const run = readJournal(lines(onTrial, ...records));
      return 'corrupt' in run ? run.corrupt : { ...run.trial, open: isOpenTrial(run), interrupted: isInterrupted(run) };
    };
    const begun = { type: 'trial', at: 't', until: 'u', untilMs: 5 };
    const kept = { type: 'decided', at: 't', how: 'kept', who: '1.2' };
    const back = { type: 'decided', at: 't', how: 'taken-back', who: '3.4', why: 'no-answer' };
    const end = { type: 'end', at: 't', how: 'verified' };
    expect(trial()).toEqual({ ...terms, left: false, open: true, interrupted: false });
    expect(trial(begun, intent, { type: 'left', at: 't' })).toMatchObject({ until: 'u', left: true, open: true });
    expect(trial(begun, intent, kept, back)).toMatchObject({
      decision: { how: 'kept' },
      open: false,
      interrupted: true,
    });
    expect(trial(begun, intent, back, kept)).toMatchObject({ decision: { why: 'no-answer' }, open: true });
    expect(trial(begun, intent, back, end)).toMatchObject({ open: false, interrupted: false });
    expect(trial({ ...begun, untilMs: 'soon' }, intent)).toBe('line 2 is no record');
    expect(readJournal(lines({ ...header, trial: { lastsMs: 1 } }, intent))).toEqual({
      corrupt: 'line 1 is no record',
    });
  });

  it('is whole up to a last line that was cut at any byte', () => {
    const text = lines(header, intent);
    const whole = Buffer.byteLength(lines(header));
    for (let cut = whole; cut < Buffer.byteLength(text) - 1; cut++) {
      const run = readJournal(Buffer.from(text).subarray(0, cut).toString());
      expect(run).toMatchObject({ validBytes: whole, steps: [{ phase: 'planned' }] });
    }
  });

  it('with a broken line before others is corrupt, and the line is named', () => {
    expect(readJournal(`${lines(header)}{"type":\n${lines(intent)}`)).toEqual({ corrupt: 'line 2 is no record' });
    expect(readJournal('')).toEqual({ corrupt: 'it does not begin with the record of a run' });
  });

  it('of any text is read or called corrupt', () => {
    const record = fc.oneof(
      fc.json(),
      fc
        .constantFrom(header, intent, { ...intent, step: -1 }, { ...header, plan: [{}] })
        .map((one) => JSON.stringify(one)),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(record), (texts) => {
        const run = readJournal(texts.join('\n'));
        expect('corrupt' in run ? typeof run.corrupt : typeof run.run).toBe('string');
      }),
    );
  });
});
