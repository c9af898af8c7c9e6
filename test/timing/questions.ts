import { createHash } from 'node:crypto';
import type { Question } from './pairs.js';

/** Accounts that the known side is taken from. */
export const accounts = 5_000;
/** A prime, so that key and place of the wrong character do not go in step. */
export const mailedKeys = 499;
const number = (trial: number) => String(trial % accounts).padStart(4, '0');
const known = (trial: number) => `person${number(trial)}@example.com`;
const unknown = (trial: number) => `nobody${number(trial)}@example.com`;
const stranger = (trial: number) => `absent${number(trial)}@example.com`;

/** 43 characters, always the same for a number. */
const keyOf = (text: string) => createHash('sha256').update(text).digest('base64url');
const base64url = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
/** The key of this number; what the command remembers as the worker does. */
export const mailedKey = (number: number) => keyOf(`mailed ${number}`);
/** A key that was mailed, but for one character: a guess that is right so far. */
function nearlyMailed(trial: number): string {
  const [key, at] = [mailedKey(trial % mailedKeys), trial % 42];
  const further = 1 + Math.floor(trial / (42 * mailedKeys));
  const wrong = base64url[(base64url.indexOf(key[at] ?? '') + further) % base64url.length];
  return `${key.slice(0, at)}${wrong}${key.slice(at + 1)}`;
}

/**
 * The sides differ only by the account, or by how near a guessed key comes to a real one: all texts have the same length,
 * and none is used on both sides.
 */
export function questions(): Readonly<Record<string, Question>> {
  const request = 'mutation($input: RequestPasswordResetInput!) { requestPasswordReset(input: $input) { __typename } }';
  const signUp = 'mutation($input: SignUpInput!) { signUp(input: $input) { __typename } }';
  const look = 'query($input: String!) { passwordResetKey(key: $input) { __typename } }';
  const email = (of: (trial: number) => string) => (trial: number) => ({ email: of(trial) });
  const withPassword = (of: (trial: number) => string) => (trial: number) => ({
    email: of(trial),
    password: 'eleven herons at low tide',
  });
  return {
    'request, unknown / unknown': { document: request, one: email(stranger), other: email(unknown) },
    'request, known / unknown': { document: request, one: email(known), other: email(unknown) },
    'sign-up to be confirmed, unknown / unknown': {
      document: signUp,
      one: withPassword(stranger),
      other: withPassword(unknown),
    },
    'sign-up to be confirmed, known / unknown': {
      document: signUp,
      one: withPassword(known),
      other: withPassword(unknown),
    },
    'look, far from all keys / far from all keys': {
      document: look,
      one: (trial) => keyOf(`elsewhere ${trial}`),
      other: (trial) => keyOf(`nowhere ${trial}`),
    },
    'look, near a mailed key / far from all keys': {
      document: look,
      one: nearlyMailed,
      other: (trial) => keyOf(`nowhere ${trial}`),
    },
  };
}
