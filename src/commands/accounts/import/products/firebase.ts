import { WrongForm } from '../records/wrong-form.js';
import { isTrue, noAddress, type Product, textOf, timeOfMillis } from './product.js';

/** The project's parameters of hashing, as the console shows them. */
export interface FirebaseParameters {
  readonly signerKey: string;
  readonly saltSeparator: string;
  readonly rounds: number;
  readonly memCost: number;
}

/** `firebase auth:export` writes 28 columns, no header row, and a comma at the end of each line. */
const columns = Array.from({ length: 29 }, () => '');
for (const [index, name] of [
  [0, 'localId'],
  [1, 'email'],
  [2, 'emailVerified'],
  [3, 'passwordHash'],
  [4, 'salt'],
  [23, 'createdAt'],
  [26, 'disabled'],
] as const) {
  columns[index] = name;
}

/**
 * JSON or CSV of `firebase auth:export` (firebase.google.com/docs/cli/auth). Its hashes need the project's parameters:
 * without them they are refused.
 */
export function firebase(parameters?: FirebaseParameters): Product {
  return {
    name: 'firebase',
    title: 'Firebase',
    list: 'users',
    columns,
    marks: ['localId'],
    translate(user) {
      const email = textOf(user.email);
      if (!email) return noAddress;
      const [digest, salt] = [textOf(user.passwordHash), textOf(user.salt)];
      if (digest && !parameters) {
        return { refused: 'its hash needs the parameters of the project (--firebase-parameters)' };
      }
      return {
        fields: {
          external_id: textOf(user.localId),
          email,
          hash: digest && parameters ? `${headOf(parameters)}$${salt ?? ''}$${digest}` : null,
          status: isTrue(user.disabled) ? 'disabled' : 'active',
          createdAt: timeOfMillis(user.createdAt),
        },
        isUnverified: !isTrue(user.emailVerified),
      };
    },
  };
}

function headOf({ memCost, rounds, saltSeparator, signerKey }: FirebaseParameters): string {
  return `$fbscrypt$v=1,n=${memCost},r=${rounds},p=1,ss=${saltSeparator},sk=${signerKey}`;
}

/**
 * Reads `hash_config { … }` as the console shows it, or the same names in JSON.
 *
 * @throws WrongForm with the name that is missing.
 */
export function parseFirebaseParameters(text: string): FirebaseParameters {
  const find = (name: string, value: string): string => {
    const [, found] = new RegExp(`\\b${name}"?\\s*[:=]\\s*"?(${value})"?\\s*(?:[,}\\n]|$)`).exec(text) ?? [];
    if (found === undefined)
      throw new WrongForm(`--firebase-parameters: ${name} is missing or is not what it has to be`);
    return found;
  };
  const base64 = '[A-Za-z0-9+/]+={0,2}';
  return {
    signerKey: find('base64_signer_key', base64),
    saltSeparator: find('base64_salt_separator', base64),
    rounds: Number(find('rounds', '[1-9]\\d?')),
    memCost: Number(find('mem_cost', '[1-9]\\d?')),
  };
}
