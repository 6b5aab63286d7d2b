import type { Capture, Entry, ListedFile, RunFact, Via } from '../hosts/capture.ts';
import type { UnknownReason } from '../hosts/reading.ts';
import { harmless } from '../hosts/sanitise.ts';
import { type Fields, fieldsOf, textAt, textIn } from '../snapshot/fields.ts';

/** JSON that says it is a capture, checked in every part; the rest of hayward then need not doubt it. Throws with the place. */
export function captureFrom(json: unknown): Capture {
  const top = fieldsOf(json, 'capture');
  if (top.object['schema'] !== 1)
    throw new Error('capture: schema is not 1, this hayward is too old or too new for it');
  const target = fieldsOf(top.object['target'], 'target');
  const gone = top.object['unreachable'];
  return {
    schema: 1,
    target: { name: nodeName(textAt(target, 'name')), via: viaOf(textAt(target, 'via')) },
    takenAt: momentOf(textAt(top, 'takenAt')),
    entries: mapOf(top, 'entries', entryOf),
    globs: mapOf(top, 'globs', (value, at) => listOr(value, at, (item) => wordOf(item, at))),
    lists: mapOf(top, 'lists', (value, at) => listOr(value, at, (item) => listedOf(item, at))),
    which: mapOf(top, 'which', (value, at) => (value === null ? null : wordOf(value, at))),
    runs: top.object['runs'] === undefined ? {} : mapOf(top, 'runs', runOf),
    ...(gone !== undefined && { unreachable: failureIn(fieldsOf(gone, 'unreachable'), 'reason') }),
  };
}

/** A name as everything prints it. */
function nodeName(name: string): string {
  return harmless(name).slice(0, 300) || 'node';
}

function momentOf(text: string): string {
  const time = Date.parse(text);
  if (!/^\d{4}-\d\d-\d\dT/.test(text) || Number.isNaN(time)) throw new Error('capture: takenAt is no time');
  return new Date(time).toISOString();
}

const VIAS: readonly Via[] = ['local', 'ssh', 'root', 'bundle', 'kubernetes'];

function viaOf(word: string): Via {
  const via = VIAS.find((one) => one === word);
  if (via === undefined) throw new Error('target: via is no way to reach a node');
  return via;
}

/** Keys come from a node's file names: without a prototype `__proto__` is a name like any other. */
function mapOf<T>(top: Fields, name: string, read: (value: unknown, at: string) => T): Record<string, T> {
  const { object } = fieldsOf(top.object[name], name);
  const map = Object.create(null) as Record<string, T>;
  for (const [key, value] of Object.entries(object)) map[key] = read(value, name);
  return map;
}

const REASONS: readonly UnknownReason[] = ['absent', 'denied', 'failed', 'not-collected'];

function reasonOf(word: string, at: string): UnknownReason {
  const reason = REASONS.find((one) => one === word);
  if (reason === undefined) throw new Error(`${at}: no reason why something is unknown`);
  return reason;
}

function failureIn<K extends 'state' | 'reason'>(
  fields: Fields,
  key: K,
): Record<K, UnknownReason> & { detail: string } {
  const reason = reasonOf(textAt(fields, key), fields.at);
  return { [key]: reason, detail: harmless(textAt(fields, 'detail')) } as Record<K, UnknownReason> & { detail: string };
}

function entryOf(value: unknown, at: string): Entry {
  const fields = fieldsOf(value, at);
  if (fields.object['state'] === 'ok') return { state: 'ok', text: textAt(fields, 'text') };
  return failureIn(fields, 'state');
}

function listOr<T>(
  value: unknown,
  at: string,
  read: (item: unknown) => T,
): readonly T[] | { state: UnknownReason; detail: string } {
  return Array.isArray(value) ? value.map(read) : failureIn(fieldsOf(value, at), 'state');
}

function wordOf(value: unknown, at: string): string {
  if (typeof value !== 'string') throw new Error(`${at}: expected text`);
  return value;
}

const TYPES: readonly ListedFile['type'][] = ['file', 'directory', 'link', 'other'];

function listedOf(value: unknown, at: string): ListedFile {
  const fields = fieldsOf(value, at);
  const type = TYPES.find((one) => one === fields.object['type']);
  if (type === undefined) throw new Error(`${at}: a kind of file there is none of`);
  const target = textIn(fields, 'target');
  return { name: textAt(fields, 'name'), type, ...(target !== undefined && { target }) };
}

function runOf(value: unknown, at: string): RunFact {
  const fields = fieldsOf(value, at);
  const status = fields.object['exitStatus'];
  if (status !== null && typeof status !== 'number') throw new Error(`${at}: exitStatus is no number`);
  const moment = textIn(fields, 'at');
  return { exitStatus: status, ...(moment !== undefined && { at: moment }) };
}
