/**
 * Shell text that installs a service which does to the node what RKE2 does at each start: it loads br_netfilter, writes
 * 1 to conf.all.forwarding and bridge-nf-call-iptables, is ready a moment later, and stays (Type=notify without a time
 * limit; k3s pkg/agent/syssetup/setup.go). While /run/rke2-hangs is there it does not become ready; each start that has
 * written adds a line to /run/rke2-starts.
 */
export const INSTALL_FAKE_RKE2 = `
mkdir -p /usr/local/lib/systemd/system /var/lib/rancher/rke2/agent /etc/rancher/rke2/config.yaml.d
cat > /usr/local/bin/rke2 <<'END'
#!/bin/sh
modprobe br_netfilter
echo 1 > /proc/sys/net/ipv4/conf/all/forwarding
echo 1 > /proc/sys/net/bridge/bridge-nf-call-iptables
echo written >> /run/rke2-starts
while [ -e /run/rke2-hangs ]; do sleep 0.1; done
systemd-notify --ready
exec sleep infinity
END
chmod 755 /usr/local/bin/rke2
cat > /usr/local/lib/systemd/system/rke2-server.service <<'END'
[Unit]
Description=Rancher Kubernetes Engine v2 (server)
[Service]
Type=notify
NotifyAccess=all
TimeoutStartSec=0
ExecStart=/usr/local/bin/rke2 server
[Install]
WantedBy=multi-user.target
END
systemctl daemon-reload
systemctl -q enable rke2-server
`;
