import { hostname } from 'node:os';
import { isIpv4 } from '../probes/octets.ts';
import { cidrText, isInside, parseCidr } from '../probes/vm-network/networks.ts';
import { openPcap, type Pcap } from '../probes/vm-network/pcap.ts';
import { type ProbeRequest, probeVmNetwork } from '../probes/vm-network/probe.ts';
import { exitStatus } from '../report/exit-status.ts';
import { VERSION } from '../version.ts';
import { probeFindings } from '../vm-networks/probe-findings.ts';
import { probeJson } from '../vm-networks/probe-json.ts';
import { probeText } from '../vm-networks/probe-text.ts';
import { networkName } from '../vm-networks/probed-network.ts';
import { jsonText } from './change-text.ts';
import { commonOptions, printsJson } from './common-options.ts';
import type { RawProbeOptions } from './networks.ts';
import { progressLine } from './progress.ts';
import { UsageError } from './usage.ts';

/** `hayward networks probe`: checks the words, probes, prints. */
export async function probeFlow(raw: RawProbeOptions): Promise<void> {
  const { only: _, ...common } = raw;
  const options = await commonOptions(common);
  const asJson = printsJson(options, 'networks probe');
  const request = requestFrom(raw);
  const started = new Date();
  const pcap = raw.pcap === undefined ? undefined : openedPcap(raw.pcap);
  const progress = progressLine(!options.quiet);
  progress.update(`probing ${networkName(request)} …`);
  const probe = await probeVmNetwork({ ...request, ...(pcap && { pcap }) }).finally(() => {
    pcap?.close();
    progress.end();
  });
  if (probe.failure?.reason === 'absent') throw new UsageError(probe.failure.detail);
  const network = { request, probe };
  const findings = probeFindings(network, hostname(), options.lang);
  if (asJson) {
    const head = {
      schemaVersion: 1,
      tool: { name: 'hayward', version: VERSION },
      takenAt: started.toISOString(),
      durationMs: Date.now() - started.getTime(),
    };
    process.stdout.write(jsonText({ ...head, ...probeJson(network, findings, options.lang) }));
  } else {
    process.stdout.write(probeText(network, findings, options));
  }
  process.exitCode = exitStatus(findings, options.failOn);
}

function requestFrom(raw: RawProbeOptions): ProbeRequest {
  const { bridge, vlan, cidr, gateway, dhcpServer = [], uplink = [], count, timeout } = raw;
  if (bridge === undefined) throw new UsageError('networks probe needs --bridge');
  if (vlan === undefined) throw new UsageError('networks probe needs --vlan (0 for untagged)');
  for (const [option, name] of [['--bridge', bridge], ...uplink.map((one) => ['--uplink', one])] as const) {
    if (!/^(?!\.\.?$)[^\s/]{1,15}$/.test(name ?? '')) throw new UsageError(`${option} ${name}: not an interface name`);
  }
  for (const [option, address] of [
    ['--gateway', gateway],
    ...dhcpServer.map((one) => ['--dhcp-server', one]),
  ] as const) {
    if (address !== undefined && !isIpv4(address)) throw new UsageError(`${option} ${address}: not an IPv4 address`);
  }
  const given = cidrGiven(cidr, gateway);
  return {
    bridge,
    vlan,
    ...(given !== undefined && { cidr: given }),
    ...(gateway !== undefined && { gateway }),
    servers: dhcpServer,
    uplinks: uplink,
    count,
    offerWaitMs: timeout,
  };
}

/** Without its host bits. */
function cidrGiven(cidr: string | undefined, gateway: string | undefined): string | undefined {
  if (cidr === undefined) return undefined;
  const network = parseCidr(cidr);
  if (!network) throw new UsageError(`--cidr ${cidr}: expected an IPv4 network like 192.168.7.0/24`);
  if (gateway !== undefined && !isInside(network, gateway)) {
    throw new UsageError(`--gateway ${gateway}: not in ${cidr}`);
  }
  return cidrText(network);
}

function openedPcap(file: string): Pcap {
  try {
    return openPcap(file);
  } catch (error) {
    throw new UsageError(`--pcap ${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
