import { expect, it } from 'vitest';
import { canary, tracesOf } from './attack.js';

it.each([
  ['raw', `x${canary}y`],
  ['in JSON', JSON.stringify({ canary })],
  ['percent-encoded', encodeURIComponent(canary)],
  ['percent-encoded throughout', [...Buffer.from(canary)].map((byte) => `%${byte.toString(16)}`).join('')],
  ['in hex', Buffer.from(`12${canary}`).toString('hex').toUpperCase()],
  ['escaped', [...canary].map((char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')],
  ['in base64', Buffer.from(canary).toString('base64')],
  ['in base64, one byte later', Buffer.from(`a${canary}`).toString('base64')],
  ['in base64url, two bytes later', Buffer.from(`ab${canary}`).toString('base64url')],
  ['cut after twelve characters', `…${canary.slice(0, 12)}…`],
])('finds the canary %s', (_form, text) => {
  expect(tracesOf(text)).not.toEqual([]);
});

it('finds none where there is none', () => {
  expect(tracesOf('{"errors":[{"message":"The request is not a GraphQL request."}]} canary')).toEqual([]);
});
