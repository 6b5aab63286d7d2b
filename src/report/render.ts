import type { Format } from './format.ts';
import { renderJson } from './json.ts';
import { renderJunit } from './junit.ts';
import { renderPrometheus } from './prometheus.ts';
import type { RenderOptions, Report } from './report.ts';
import { renderSarif } from './sarif.ts';
import { renderText } from './text.ts';

/** The whole report as text that ends in a newline (or is empty: `quiet`, and nothing wrong). */
export function render(report: Report, format: Format, options: RenderOptions): string {
  switch (format) {
    case 'text':
      return renderText(report, options);
    case 'json':
      return renderJson(report, options.lang);
    case 'sarif':
      return renderSarif(report);
    case 'junit':
      return renderJunit(report);
    case 'prometheus':
      return renderPrometheus(report);
  }
}
