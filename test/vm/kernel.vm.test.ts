import { beforeAll, describe, expect, test } from 'vitest';
import { bootInitramfs } from '../../lab/vm/initramfs.ts';
import { type Kernel, kernel } from '../../lab/vm/kernel.ts';

let debian: Kernel;

beforeAll(async () => {
  debian = await kernel();
});

describe("Debian's kernel with nothing but busybox", () => {
  test('br_netfilter has no value before it loads, and 1 when it does, in every namespace', async () => {
    const boot = await bootInitramfs({
      kernel: debian,
      modules: ['br_netfilter'],
      script: `
        cat /proc/sys/net/bridge/bridge-nf-call-iptables 2>/dev/null || echo absent
        modprobe br_netfilter
        cat /proc/sys/net/bridge/bridge-nf-call-iptables
        echo 0 > /proc/sys/net/bridge/bridge-nf-call-iptables
        unshare -n cat /proc/sys/net/bridge/bridge-nf-call-iptables
        cat /proc/sys/net/bridge/bridge-nf-call-iptables`,
    });
    expect(boot.output.trim().split(/\s+/)).toEqual(['absent', '1', '1', '0']);
    expect(boot.exitCode).toBe(0);
  });

  test("a script's exit status comes through, and a machine that never ends is killed and says so", async () => {
    const failing = await bootInitramfs({ kernel: debian, script: 'echo before; exit 7' });
    expect(failing).toMatchObject({ exitCode: 7, output: 'before\n', timedOut: false });
    const hanging = await bootInitramfs({ kernel: debian, script: 'echo here; sleep 1000', timeoutMs: 40_000 });
    expect(hanging).toMatchObject({ exitCode: null, timedOut: true });
    expect(hanging.output).toContain('here');
  });
});
