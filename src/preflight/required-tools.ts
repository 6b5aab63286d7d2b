import type { Judgement, Severity } from '../judging/finding.ts';
import { defineProblem } from '../judging/problem.ts';
import type { Bilingual } from '../lang.ts';
import type { TOOLS_OF_INTEREST, Tools } from '../snapshot/tools.ts';

export type Tool = (typeof TOOLS_OF_INTEREST)[number];

/** A program an installer looks for, and what becomes of an installation without it. */
export interface ToolNeed {
  readonly tool: Tool;
  /** `critical`: the installer stops. */
  readonly severity: Severity;
  readonly cause: Bilingual;
  readonly impact: Bilingual;
}

function judgeTool(tools: Tools, need: ToolNeed): Judgement<ToolNeed> {
  const { tool: subject, severity } = need;
  const path = tools.path(subject);
  if (!path.known) {
    const matters = severity === 'info' ? 'info' : 'warning';
    return { status: 'unknown', subject, severity: matters, unknown: path, evidence: [] };
  }
  const evidence = [{ source: path.source, value: path.value ?? '' }];
  if (path.value !== null) return { status: 'ok', subject, evidence };
  return { status: 'problem', subject, severity, evidence, facts: need };
}

/** Programs the installer needs and does not bring. */
export function requiredTools(needs: readonly ToolNeed[]) {
  return defineProblem({
    id: 'required-tools',
    title: { en: 'Programs the installer needs', 'zh-CN': '安装所需的程序' },
    needs: ['tools'],
    check: ({ tools }): readonly Judgement<ToolNeed>[] => needs.map((need) => judgeTool(tools, need)),
    explain: ({ tool, cause, impact }) => ({
      title: { en: `${tool} is not installed`, 'zh-CN': `未安装 ${tool}` },
      cause,
      impact,
    }),
    prove: ({ tool }) => `command -v ${tool}`,
    remedies: () => [],
  });
}
