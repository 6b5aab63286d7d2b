import { InventoryError, type InventoryNode, portFrom, wordFrom } from './model.ts';

export type Variables = Readonly<Record<string, unknown>>;

/** What of Ansible's connection variables is for ssh, each with its older name. */
const SECRET =
  /^ansible_(?:ssh_)?(?:pass(?:word)?|private_key_passphrase)$|^ansible_become_pass(?:word)?$|^ansible_sudo_pass$/;
const ARGUMENTS = /^ansible_(?:ssh_(?:common_|extra_)?args|ssh_executable|sftp_extra_args|scp_extra_args)$/;

/** One host by its variables, those of nearer groups and its own having won already. */
export function nodeFrom(
  name: string,
  variables: Variables,
): { readonly node: InventoryNode; readonly unused: boolean } {
  const at = `host ${name}`;
  const word = (...names: readonly string[]) => {
    const value = names.map((one) => wordFrom(variables[one], `${at}, ${one}`)).find((one) => one !== undefined);
    if (value?.includes('{{'))
      throw new InventoryError(`${at}: ${names[0]} is a template, which only Ansible can fill in`);
    return value;
  };
  const connection = word('ansible_connection');
  const own = /^(.*):(\d+)$/.exec(name.includes('::') ? '' : name);
  const address = word('ansible_host', 'ansible_ssh_host') ?? own?.[1] ?? name;
  const user = word('ansible_user', 'ansible_ssh_user');
  const port = portFrom(word('ansible_port', 'ansible_ssh_port') ?? own?.[2], at);
  const keyFile = word('ansible_ssh_private_key_file', 'ansible_private_key_file');
  const unused = Object.keys(variables).some((key) => SECRET.test(key) || ARGUMENTS.test(key));
  if (connection === 'local') return { node: { name, address, local: true }, unused: false };
  const node: InventoryNode = {
    name: own?.[1] ?? name,
    address,
    ...(user !== undefined && { user }),
    ...(port !== undefined && { port }),
    ...(keyFile !== undefined && { keyFile }),
  };
  return { node, unused };
}

/** More hosts than any inventory has; a range is written in a few characters. */
const MOST_HOSTS = 10_000;

/** `node[01:10].example`, `[a:f]`, with a step `[0:20:5]`: the names a pattern stands for (Ansible's expand_hostname_range). */
export function expanded(pattern: string): readonly string[] {
  const found = /^(.*?)\[([0-9]+|[A-Za-z]):([0-9]+|[A-Za-z])(?::([0-9]{1,4}))?\](.*)$/.exec(pattern);
  if (!found) return [pattern];
  const [, head = '', first = '', last = '', step = '1', tail = ''] = found;
  const rest = expanded(tail);
  const between = valuesBetween(first, last, Math.max(1, Number(step)));
  if (between.length * rest.length > MOST_HOSTS) throw new InventoryError(`${pattern}: more than ${MOST_HOSTS} hosts`);
  return between.flatMap((value) => rest.map((end) => head + value + end));
}

function valuesBetween(first: string, last: string, step: number): readonly string[] {
  const letters = /^[A-Za-z]$/.test(first) && /^[A-Za-z]$/.test(last);
  const [from, to] = letters ? [first.charCodeAt(0), last.charCodeAt(0)] : [Number(first), Number(last)];
  if (!(to >= from) || (to - from) / step > MOST_HOSTS) throw new InventoryError(`[${first}:${last}] is no range`);
  const width = first.startsWith('0') ? first.length : 0;
  const values: string[] = [];
  for (let value = from; value <= to; value += step) {
    values.push(letters ? String.fromCharCode(value) : String(value).padStart(width, '0'));
  }
  return values;
}
