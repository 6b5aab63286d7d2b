import { kindsJson } from '../dataplane/matrix-json.ts';
import { matrixLines } from '../dataplane/matrix-text.ts';
import type { Told } from '../dataplane/metrics.ts';
import type { Unknown } from '../hosts/reading.ts';
import type { Finding } from '../judging/finding.ts';
import type { Lang } from '../lang.ts';
import { render } from '../report/render.ts';
import type { Report } from '../report/report.ts';
import { VERSION } from '../version.ts';
import { jsonText } from './change-text.ts';
import type { CommonOptions } from './common-options.ts';

export interface Result extends Told {
  readonly options: CommonOptions;
  readonly context: string;
  readonly only?: readonly string[];
  /** Empty where nothing was run. */
  readonly image: string;
  readonly dialect: string;
}

/** The result in the format asked for. */
export function resultText(result: Result): string {
  const { probed, findings, options, context, only, at, durationMs, image, dialect } = result;
  const report: Report = {
    tool: { name: 'hayward', version: VERSION },
    takenAt: at.toISOString(),
    durationMs: Math.round(durationMs),
    targets: [{ name: context, via: 'kubernetes', profile: 'generic', profileEvidence: [] }],
    findings,
    ...(only && { only }),
  };
  if (options.format === 'text') {
    const matrix = options.quiet || probed.length === 0 ? [] : [...matrixLines(probed, options), ''];
    return `${matrix.map((line) => `${line}\n`).join('')}${render(report, 'text', options)}`;
  }
  const text = render(report, options.format, options);
  if (options.format !== 'json') return text;
  return jsonText({ ...(JSON.parse(text) as object), image: { name: image, dialect }, kinds: kindsJson(probed) });
}

/** That nothing could be asked at all. */
export function refused({ reason, detail }: Unknown, target: string, lang: Lang): Finding {
  const title = { en: 'The data plane could not be asked', 'zh-CN': '无法探测数据面' };
  return {
    problem: 'dataplane-pod',
    target,
    subject: '',
    status: 'unknown',
    severity: 'critical',
    title: title[lang],
    cause: '',
    impact: '',
    evidence: [],
    unknown: { reason, detail },
    prove: '',
    remedies: [],
    docs: 'docs/problems/dataplane-pod.md',
  };
}
