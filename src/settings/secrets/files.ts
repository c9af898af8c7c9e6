import { closeSync, openSync, readSync } from 'node:fs';
import type { Environment } from '../environment.js';
import type { SettingFault } from '../faults.js';

/** Bytes of a file; a key set of some hundred keys fits. */
const most = 65_536;

/** The name of the file's setting. */
export const fileOf = (name: string) => `${name}_FILE`;

/**
 * Reads the secrets that stand in a file named by `NAME_FILE`, as Docker and Kubernetes provide secrets. The returned
 * environment has the contents under `NAME`, without line ends at the end, and no `NAME_FILE`.
 *
 * No fault repeats the contents of a file. The value of `NAME_FILE` is shown only if it is plainly a path, because it
 * may be the secret itself, given under the wrong name.
 *
 * @param names of the secret settings.
 */
export function readSecretFiles(
  environment: Environment,
  names: readonly string[],
): { environment: Environment; faults: SettingFault[] } {
  const found: Record<string, string | undefined> = { ...environment };
  const faults: SettingFault[] = [];
  for (const name of names) {
    const file = fileOf(name);
    const path = environment[file];
    if (!path) continue;
    delete found[file];
    if (environment[name]) {
      delete found[name];
      faults.push({ name, fault: `is set, and so is ${file}; allowed: one of the two` });
      continue;
    }
    const content = readSecretFile(path);
    if ('text' in content) found[name] = content.text;
    else {
      const fault = `${shown(path)}; allowed: a file with the value of ${name}, but ${content.why}`;
      faults.push({ name: file, fault });
    }
  }
  return { environment: found, faults };
}

/** The text of a file without line ends at the end, or why there is none; nothing of it is in that. */
export function readSecretFile(path: string): { readonly text: string } | { readonly why: string } {
  try {
    return { text: contentOf(path) };
  } catch (error) {
    return { why: why(error) };
  }
}

class NoText extends Error {}

function contentOf(path: string): string {
  const bytes = Buffer.alloc(most + 1);
  const file = openSync(path, 'r');
  let length = 0;
  try {
    for (let count = -1; count !== 0 && length <= most; length += count) {
      count = readSync(file, bytes, length, bytes.length - length, null);
    }
  } finally {
    closeSync(file);
  }
  if (length > most) throw new NoText(`it is longer than ${most} bytes`);
  const text = decode(bytes.subarray(0, length)).replace(/[\r\n]+$/, '');
  if (text.trim() === '') throw new NoText('it is empty');
  return text;
}

/** Strict UTF-8: raw random bytes read as text would lose most of their randomness. */
function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new NoText('it is not text (UTF-8); write random bytes in base64');
  }
}

function why(error: unknown): string {
  if (error instanceof NoText) return error.message;
  const code = (error as { code?: unknown }).code;
  return `it cannot be read (${typeof code === 'string' ? code : 'not a path'})`;
}

function shown(path: string): string {
  return /^\.{0,2}\/(?:[\w.@-]{1,32}\/)*[\w.@-]{1,32}$/.test(path) ? `was ${JSON.stringify(path)}` : 'is not shown';
}
