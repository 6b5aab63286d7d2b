import type { ActingHost, FileState, RunResult } from '../../hosts/host.ts';
import { HostError } from '../../hosts/host.ts';
import { known, unknown } from '../../hosts/reading.ts';

/** A node in memory: plain settings, bridges' switches, files. What it knows of a kernel is that reads see writes. */
export interface MemoryHost extends ActingHost {
  readonly settings: Map<string, string>;
  readonly bridges: Map<string, string>;
  readonly files: Map<string, FileState>;
}

export function memoryHost(): MemoryHost {
  const settings = new Map<string, string>();
  const bridges = new Map<string, string>();
  const files = new Map<string, FileState>([['/', { type: 'other', detail: 'directory' }]]);
  const done = (stdout: string, stderr = ''): RunResult => {
    return { failed: stderr !== '', timedOut: false, exitCode: stderr === '' ? 0 : 1, stdout, stderr, durationMs: 0 };
  };
  function makeParents(path: string): void {
    for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
      const parent = path.slice(0, at);
      if (!files.has(parent)) files.set(parent, { type: 'other', detail: 'directory' });
    }
  }
  return {
    name: 'memory',
    via: 'local',
    settings,
    bridges,
    files,
    async collect() {
      const target = { name: 'memory', via: 'local' } as const;
      return { schema: 1, target, takenAt: '', entries: {}, globs: {}, lists: {}, which: {} };
    },
    async stat(path) {
      return known(files.get(path) ?? { type: 'absent' }, path);
    },
    async readSetting(path) {
      const value = settings.get(path);
      return value === undefined ? unknown('absent', path, 'no such setting') : known(value, path);
    },
    async writeSetting(path, value) {
      if (!settings.has(path)) throw new HostError(`write ${path}: no such file`, 'ENOENT');
      settings.set(path, value);
    },
    async writeFile(path, content, { mode, uid = 0, gid = 0 }) {
      makeParents(path);
      files.set(path, { type: 'file', contentBase64: Buffer.from(content).toString('base64'), mode, uid, gid });
    },
    async makeLink(path, target) {
      makeParents(path);
      files.set(path, { type: 'link', target });
    },
    async removeFile(path) {
      files.delete(path);
    },
    async removeLocked(path, { expected }) {
      const state = files.get(path);
      if (!state) return 'absent';
      if (state.type !== 'file' || state.contentBase64 !== Buffer.from(expected).toString('base64')) return 'changed';
      files.delete(path);
      return 'done';
    },
    async createLocked(path, { content, mode, uid, gid }) {
      if (files.has(path)) return 'changed';
      files.set(path, { type: 'file', contentBase64: Buffer.from(content).toString('base64'), mode, uid, gid });
      return 'done';
    },
    async stopSandbox(_socket, id) {
      for (const [path, state] of files) {
        if (state.type === 'file' && Buffer.from(state.contentBase64, 'base64').toString().startsWith(id)) {
          files.delete(path);
        }
      }
    },
    async run(argv) {
      const [program, ...words] = argv;
      if (program === 'rmdir') {
        const path = words.at(-1) ?? '';
        if ([...files.keys()].some((other) => other.startsWith(`${path}/`))) return done('', 'not empty');
        files.delete(path);
        return done('');
      }
      const bridge = words[words.indexOf('dev') + 1] ?? '';
      if (words.includes('set')) {
        bridges.set(bridge, words.at(-1) ?? '');
        return done('');
      }
      const value = bridges.get(bridge);
      if (value === undefined) return done('', `Device "${bridge}" does not exist.`);
      return done(JSON.stringify([{ linkinfo: { info_data: { nf_call_iptables: Number(value) } } }]));
    },
  };
}
