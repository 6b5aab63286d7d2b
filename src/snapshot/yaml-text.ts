import { parse } from 'yaml';

/** One YAML document, or an error that says where it is not one. No text gives null. */
export function yamlOf(text: string): unknown {
  try {
    return parse(text, { logLevel: 'error' });
  } catch (error) {
    // The library's message goes on with a drawing of the place; its first line names line and column.
    const message = error instanceof Error ? error.message : String(error);
    throw new Error(`not YAML: ${message.split('\n', 1)[0]}`, { cause: error });
  }
}
