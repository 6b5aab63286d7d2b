import { afterAll, beforeAll, expect, test } from 'vitest';
import { cniConfig, NETWORK } from '../../lab/runtime/configuration.ts';
import { runtimePrograms } from '../../lab/runtime/programs.ts';
import { type DebianMachine, debianMachine } from '../../lab/vm/debian.ts';
import { BOOT_FOLDER } from '../../lab/vm/rootfs.ts';
import { linesOf, SEVERAL_BOOTS_MS } from './inside.ts';

let machine: DebianMachine;

beforeAll(async () => {
  machine = await debianMachine({ product: true });
});

afterAll(async () => {
  await machine?.dispose();
});

const SOCKET = '/run/k3s/containerd/containerd.sock';
const LEASES = `/var/lib/cni/networks/${NETWORK}`;
const UNIT = 'hayward-cni-lease-leak.service';

/**
 * RKE2 as far as its leases go: a service that starts a real containerd and leaves what that started alone when it is stopped.
 * What it would find is written down before each start. host-local's directory lies on a disk that comes last at boot, and for
 * which nothing waits that does not ask for it, as a data disk with `nofail`.
 */
const INSTALL = `
mkdir -p /opt/runtime /etc/cni/net.d /etc/rancher/rke2 /data/cni /var/lib/cni
cp ${BOOT_FOLDER}/containerd /opt/runtime/
cat > /etc/cni/net.d/10-canal.conflist <<'END'
${cniConfig('10.52.0.0/24')}
END
cat > /opt/runtime/config.toml <<'END'
version = 2
[grpc]
  address = "${SOCKET}"
[plugins."io.containerd.grpc.v1.cri".containerd]
  snapshotter = "native"
END
cat > /etc/systemd/system/rke2-server.service <<'END'
[Unit]
Description=Rancher Kubernetes Engine v2 (server)
[Service]
Type=notify
KillMode=process
Delegate=yes
ExecStartPre=/bin/sh -c 'ls ${LEASES} >/run/found'
ExecStart=/opt/runtime/containerd --config /opt/runtime/config.toml
[Install]
WantedBy=multi-user.target
END
cat > /etc/systemd/system/late-disk.service <<'END'
[Unit]
Description=A disk that comes when everything has started that does not wait for it
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'while systemctl list-jobs --no-legend | grep -v late-disk | grep -q running; do sleep 0.2; done'
END
echo '/data/cni /var/lib/cni none bind,nofail,x-systemd.requires=late-disk.service,x-systemd.after=late-disk.service 0 0' >> /etc/fstab
systemctl daemon-reload
systemctl start var-lib-cni.mount
`;

/** Three leases nobody holds, an hour old, and what of host-local's and others' lies beside them. */
const LEAK = `
mkdir -p ${LEASES}
for ip in 10.52.0.7 10.52.0.8 fd00::7; do printf '%064d\\r\\neth0' 1 > ${LEASES}/$ip; done
echo 10.52.0.8 > ${LEASES}/last_reserved_ip.0
echo mine > ${LEASES}/notes
: > ${LEASES}/lock
touch -d '1 hour ago' ${LEASES}/*
`;

const LEFT = `echo left: $(ls ${LEASES})`;
const FOUND = 'echo found at start: $(cat /run/found)';
const SAID = `journalctl -b -u ${UNIT} -o cat | grep ^hayward: | tail -n 1`;

const KEPT = 'last_reserved_ip.0 lock notes';
const ALL = `10.52.0.7 10.52.0.8 fd00::7 ${KEPT}`;

test(
  'what a power cut left taken is given back before the runtime starts, in the past too, and never beside a living Pod',
  async () => {
    const { containerd } = await runtimePrograms();
    const installed = await linesOf(
      machine,
      `${INSTALL}${LEAK}
    systemctl -q enable --now rke2-server
    ${FOUND}
    hayward fix cni-lease-leak --yes >/tmp/fix.out 2>&1 || cat /tmp/fix.out
    ${LEFT}
    systemd-analyze verify ${UNIT} && echo verified
    ${LEAK}`,
      { powerCut: true, carry: { containerd } },
    );
    expect(installed).toEqual([`found at start: ${ALL}`, `left: ${KEPT}`, 'verified']);

    const after = await linesOf(
      machine,
      `touch /run/now
    [ ${LEASES}/lock -nt /run/now ] && echo 'the files are from the future'
    systemctl is-active ${UNIT} rke2-server
    ${FOUND}
    ${SAID}
    ${LEAK}
    # A Pod as far as the kernel can tell: a process in a namespace that a CNI plugin made.
    ip netns add cni-1b2c3d4e
    systemd-run --quiet --slice=kubepods.slice ip netns exec cni-1b2c3d4e sleep infinity
    systemctl restart rke2-server
    ${FOUND}
    systemctl stop rke2-server
    rm -f ${SOCKET}
    systemctl restart ${UNIT}
    ${SAID}
    # Without the name of its namespace the process alone tells.
    umount /run/netns/cni-1b2c3d4e
    rm /run/netns/cni-1b2c3d4e
    systemctl restart ${UNIT}
    ${SAID}
    ${LEFT}`,
      { clock: '2006-01-01T00:00:00' },
    );
    expect(after).toEqual([
      'the files are from the future',
      'active',
      'active',
      `found at start: ${KEPT}`,
      `hayward: gave back 3 addresses in ${LEASES}, which nothing can be using yet`,
      `found at start: ${ALL}`,
      "hayward: no lease was touched: /run/netns/cni-1b2c3d4e is there: a Pod's network namespace",
      expect.stringMatching(/^hayward: no lease was touched: process \d+ \(sleep\) runs in another network namespace$/),
      `left: ${ALL}`,
    ]);
  },
  SEVERAL_BOOTS_MS,
);
