import { harmless } from '../hosts/sanitise.ts';
import type { Evidence, Finding } from '../judging/finding.ts';
import type { Report } from './report.ts';

/**
 * The report as JUnit XML: a suite per node, a case per finding. A problem is a failure, an unknown that matters an
 * error, what does not apply or is not needed is skipped; a problem of severity `info` passes, its words kept.
 */
export function renderJunit(report: Report): string {
  const names = new Set([...report.targets.map(({ name }) => name), ...report.findings.map(({ target }) => target)]);
  const suites = [...names].map((name) =>
    suite(
      name,
      report.findings.filter((finding) => finding.target === name),
      report,
    ),
  );
  const totals = attributes({ name: report.tool.name, ...counts(report.findings), time: seconds(report.durationMs) });
  return ['<?xml version="1.0" encoding="UTF-8"?>', `<testsuites${totals}>`, ...suites, '</testsuites>', ''].join('\n');
}

function suite(name: string, findings: readonly Finding[], report: Report): string {
  const head = attributes({ name, ...counts(findings), timestamp: report.takenAt, hostname: name });
  return [`  <testsuite${head}>`, ...findings.map(testCase), '  </testsuite>'].join('\n');
}

type Outcome = 'passed' | 'failure' | 'error' | 'skipped';

function outcome({ status, severity }: Finding): Outcome {
  if (status === 'problem') return severity === 'info' ? 'passed' : 'failure';
  if (status === 'unknown') return severity === 'info' ? 'skipped' : 'error';
  return status === 'not-applicable' ? 'skipped' : 'passed';
}

function counts(findings: readonly Finding[]): Record<string, string> {
  const outcomes = findings.map(outcome);
  const number = (wanted: Outcome) => String(outcomes.filter((one) => one === wanted).length);
  return {
    tests: String(findings.length),
    failures: number('failure'),
    errors: number('error'),
    skipped: number('skipped'),
  };
}

function testCase(finding: Finding): string {
  const name = [finding.problem, finding.subject].filter((part) => part !== '').join(' ');
  const head = attributes({ classname: finding.problem, name, time: '0' });
  const inner = body(finding);
  return inner === '' ? `    <testcase${head}/>` : `    <testcase${head}>${inner}</testcase>`;
}

function body(finding: Finding): string {
  const kind = outcome(finding);
  if (kind === 'passed') {
    return finding.status === 'problem' ? `<system-out>${xml(story(finding))}</system-out>` : '';
  }
  if (kind === 'skipped') return `<skipped${attributes({ message: finding.cause || finding.title })}/>`;
  return `<${kind}${attributes({ message: finding.title, type: finding.severity })}>${xml(story(finding))}</${kind}>`;
}

function story(finding: Finding): string {
  const evidence = finding.evidence.map((one) => {
    const { source, value, wanted } = one;
    const seen = `${placeOf(one)}${source} = ${value}`;
    return wanted === undefined ? seen : `${seen} (wanted ${wanted})`;
  });
  return [finding.title, finding.cause, finding.impact, ...evidence, finding.prove, finding.docs]
    .filter((part) => part !== '')
    .map(oneLine)
    .join('\n');
}

/** JUnit has no field for it; in this form editors and CI pages find it. */
function placeOf({ file, line, column }: Evidence): string {
  const parts = [file, line, column].filter((part) => part !== undefined);
  return parts.length === 0 ? '' : `${parts.join(':')}: `;
}

function attributes(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${xml(oneLine(value))}"`)
    .join('');
}

function oneLine(text: string): string {
  return harmless(text.replace(/\s+/g, ' '));
}

/** Harmless text fit for an element or an attribute: XML 1.0 has no way to write U+FFFE and U+FFFF either, so they go. */
function xml(text: string): string {
  return text
    .replace(/[\ufffe\uffff]/g, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&apos;');
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(3);
}
