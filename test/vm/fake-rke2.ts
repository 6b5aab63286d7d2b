/**
 * Shell text that installs a service which does to bridge-nf-call-iptables what RKE2 does: it loads br_netfilter and
 * writes 1 at each start, is ready a moment later, and stays (Type=notify; k3s pkg/agent/syssetup/setup.go).
 */
export const INSTALL_FAKE_RKE2 = `
mkdir -p /usr/local/lib/systemd/system /var/lib/rancher/rke2/agent /etc/rancher/rke2/config.yaml.d
cat > /usr/local/bin/rke2 <<'END'
#!/bin/sh
modprobe br_netfilter
echo 1 > /proc/sys/net/bridge/bridge-nf-call-iptables
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
ExecStart=/usr/local/bin/rke2 server
[Install]
WantedBy=multi-user.target
END
systemctl daemon-reload
systemctl -q enable rke2-server
`;
