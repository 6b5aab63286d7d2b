import { Option } from 'commander';
import type { Say } from './help-language.ts';

/** `--kubeconfig` of what runs on and on, in a Pod too. */
export function processKubeconfig(say: Say): Option {
  return new Option(
    '--kubeconfig <file>',
    say({
      en: "the kubeconfig to use (default: as for status; in a Pod its service account's)",
      'zh-CN': '使用的 kubeconfig（默认与 status 相同；在 Pod 中使用其服务账号）',
    }),
  );
}
