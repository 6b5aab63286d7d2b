/** Whether a shell command removes the leases of Canal's network, which is Harvester's. */
export type Cleaning = 'surely' | 'perhaps' | 'no';

/** What removes its directory, with all in it or as a whole. */
const DIRECTORY = /^\/var\/lib\/cni(\/networks(\/(k8s-pod-network|\*))?)?\/?$/;
/** What names every file in it. */
const FILES = /^\/var\/lib\/cni\/networks\/(k8s-pod-network|\*)\/\*$/;
/** With one of these a line need not be reached, or may mean something else than it says; `{{` is a template of yip's. */
const UNCERTAIN = /\b(if|case|while|until|for|exit|exec|return|set)\b|&&|\|\||\{\{|[`$(){}]|(^|[^;])\\$/m;

/**
 * Sure only of a plain `rm` on a line of its own or between semicolons, as Harvester's stage and every article have it. Of all
 * else that speaks of the leases nothing is claimed.
 */
export function cleaningOf(command: string): Cleaning {
  const text = command.replace(/(^|\s)#.*$/gm, '');
  if (!/\/var\/lib\/cni\b/.test(text) || !/\b(rm|find|unlink|rmdir|mv|xargs|truncate)\b/.test(text)) return 'no';
  const plain = text.replace(/\s+\d?>{1,2}(\/dev\/null|&\d)/g, '').replace(/\|\|\s*(true|:)\s*($|;)/gm, '$2');
  if (UNCERTAIN.test(plain)) return 'perhaps';
  return plain.split(/[;\n]/).some(removes) ? 'surely' : 'perhaps';
}

function removes(line: string): boolean {
  const [program = '', ...words] = line.trim().split(/\s+/);
  if (!/^(\/usr)?(\/bin\/)?rm$/.test(program)) return false;
  const options = words.filter((word) => word.startsWith('-'));
  if (!options.every((option) => /^(-[rRfvd]+|--(recursive|force|verbose))$/.test(option))) return false;
  const paths = words.filter((word) => !word.startsWith('-')).map((word) => word.replace(/^(["'])([^*"']*)\1$/, '$2'));
  const recursive = options.some((option) => /^-(-recursive|[fvd]*[rR])/.test(option));
  return paths.some((path) => FILES.test(path) || (recursive && DIRECTORY.test(path)));
}
