import { harmless } from '../hosts/sanitise.ts';

/** One family of series in Prometheus' text format (version 0.0.4). */
export interface MetricFamily {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** `suffix` for a histogram's `_bucket`, `_sum` and `_count`. */
  readonly samples: readonly {
    readonly suffix?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly value: number;
  }[];
}

/** The families one after another, each with its help and type; a family without samples shows nothing. */
export function familiesText(families: readonly MetricFamily[]): string {
  return families
    .filter(({ samples }) => samples.length > 0)
    .map(({ name, help, type, samples }) => {
      const lines = samples.map(({ suffix = '', labels, value }) => `${name}${suffix}${labelsText(labels)} ${value}`);
      return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...new Set(lines), ''].join('\n');
    })
    .join('');
}

function labelsText(labels: Readonly<Record<string, string>> = {}): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${labelValue(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

/** The format escapes backslash, quote and line feed; `harmless` leaves no line feed. */
function labelValue(value: string): string {
  return harmless(value).replaceAll('\\', '\\\\').replaceAll('"', '\\"');
}
