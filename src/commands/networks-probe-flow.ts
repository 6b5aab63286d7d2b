import { hostname } from 'node:os';
import { openPcap, type Pcap } from '../probes/vm-network/pcap.ts';
import { probeVmNetwork } from '../probes/vm-network/probe.ts';
import { exitStatus } from '../report/exit-status.ts';
import { VERSION } from '../version.ts';
import { probeFindings } from '../vm-networks/probe-findings.ts';
import { probeJson } from '../vm-networks/probe-json.ts';
import { probeText } from '../vm-networks/probe-text.ts';
import { networkName } from '../vm-networks/probed-network.ts';
import { jsonText } from './change-text.ts';
import { commonOptions, printsJson } from './common-options.ts';
import type { RawProbeOptions } from './networks.ts';
import { probeRequest } from './networks-probe-request.ts';
import { progressLine } from './progress.ts';
import { printReport, refuseReportThatIsThere } from './report-option.ts';
import { UsageError } from './usage.ts';

/** `hayward networks probe`: reads what is to be probed, probes, prints. */
export async function probeFlow(name: string | undefined, raw: RawProbeOptions): Promise<void> {
  const { only: _, ...common } = raw;
  const options = await commonOptions(common);
  const asJson = printsJson(options, 'networks probe');
  await refuseReportThatIsThere(raw);
  const request = await probeRequest(name, raw);
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
  const head = {
    tool: { name: 'hayward', version: VERSION },
    takenAt: started.toISOString(),
    durationMs: Date.now() - started.getTime(),
  } as const;
  const target = { name: hostname(), via: 'local', profile: 'generic', profileEvidence: [] } as const;
  const printed = () =>
    asJson
      ? jsonText({ schemaVersion: 1, ...head, ...probeJson(network, findings, options.lang) })
      : probeText(network, findings, options);
  await printReport({ ...head, targets: [target], findings }, printed, { ...raw, ...options });
  process.exitCode = exitStatus(findings, options.failOn);
}

function openedPcap(file: string): Pcap {
  try {
    return openPcap(file);
  } catch (error) {
    throw new UsageError(`--pcap ${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
