import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { watchModules } from './modules.ts';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'hayward-modules-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function watching() {
  return watchModules({ modules: join(root, 'module'), proc: join(root, 'proc') });
}

describe('modules', () => {
  it('come and go, their names spelt either way', () => {
    const modules = watching();
    mkdirSync(join(root, 'module/bridge'), { recursive: true });
    const missing = modules.read('br_netfilter');
    expect(missing).toMatchObject({ known: true, value: 'not loaded' });
    expect(modules.read('br_netfilter')).toBe(missing);
    mkdirSync(join(root, 'module/br_netfilter'));
    for (const name of ['br_netfilter', 'br-netfilter']) expect(modules.read(name)).toMatchObject({ value: 'loaded' });
    rmSync(join(root, 'module/br_netfilter'), { recursive: true });
    expect(modules.read('br_netfilter')).toMatchObject({ value: 'not loaded' });
  });

  it('that settings hang on are told when they come and go', () => {
    mkdirSync(join(root, 'module/bridge'), { recursive: true });
    const modules = watching();
    expect(modules.drain()).toEqual([]);
    mkdirSync(join(root, 'module/br_netfilter'));
    mkdirSync(join(root, 'module/overlay'));
    expect(modules.drain()).toEqual([{ module: 'br_netfilter', what: 'appeared' }]);
    expect(modules.drain()).toEqual([]);
    rmSync(join(root, 'module'), { recursive: true });
    expect(modules.drain()).toEqual([]);
    mkdirSync(join(root, 'module/bridge'), { recursive: true });
    expect(modules.drain()).toEqual([{ module: 'br_netfilter', what: 'vanished' }]);
  });

  it('that are part of the kernel are there while they work', () => {
    mkdirSync(join(root, 'module/bridge'), { recursive: true });
    mkdirSync(join(root, 'proc/sys/net/bridge'), { recursive: true });
    writeFileSync(join(root, 'proc/sys/net/bridge/bridge-nf-call-iptables'), '1\n');
    expect(watching().read('br_netfilter')).toMatchObject({
      value: 'loaded',
      source: join(root, 'proc/sys/net/bridge/bridge-nf-call-iptables'),
    });
  });

  it('are unknown where /sys/module shows nothing', () => {
    expect(watching().read('overlay')).toMatchObject({ known: false, reason: 'absent' });
    mkdirSync(join(root, 'module'));
    expect(watching().read('overlay')).toMatchObject({
      known: false,
      reason: 'absent',
      detail: `${root}/module is empty`,
    });
  });

  it('are those of this kernel where nothing else is said', () => {
    expect(watchModules().read('no_such_module')).toMatchObject({ known: true, value: 'not loaded' });
    expect(watchModules().read('kernel')).toMatchObject({ known: true, value: 'loaded' });
  });
});
