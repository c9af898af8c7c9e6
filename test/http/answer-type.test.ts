import fc from 'fast-check';
import { expect, it } from 'vitest';
import { chooseAnswerType } from '../../src/http/answer-type.js';

const json = 'application/json';
const graphql = 'application/graphql-response+json';

it.each<[string | undefined, string | undefined]>([
  [undefined, json],
  ['', json],
  ['*/*', json],
  ['application/*', json],
  [json, json],
  [graphql, graphql],
  ['application/json; charset=utf-8', json],
  ['APPLICATION/JSON', json],
  [`${graphql}, ${json};q=0.9`, graphql],
  [`${json};q=0.9, ${graphql}`, graphql],
  [`${graphql};q=0.5, ${json}`, json],
  [`${graphql}, ${json}`, graphql],
  [`${json}, ${graphql}`, json],
  [`${graphql}, */*`, graphql],
  [`*/*, ${graphql}`, graphql],
  [`${json};q=0, */*`, graphql],
  ['text/html, */*;q=0.1', json],
  [`${json};q=0`, undefined],
  ['*/*;q=0.000', undefined],
  ['text/html', undefined],
  ['image/*', undefined],
  ['multipart/mixed; deferSpec=20220824', undefined],
  ['application/jsonp', undefined],
  ['application/graphql', undefined],
  [',;,', undefined],
])('for %j chooses %s', (accept, type) => {
  expect(chooseAnswerType(accept)).toBe(type);
});

it('chooses for every text without throwing', () => {
  const part = fc.oneof(fc.constantFrom(json, graphql, '*/*', 'q=', ';', ',', '0', '1', ' '), fc.string());
  fc.assert(
    fc.property(fc.array(part), (parts) => {
      expect([json, graphql, undefined]).toContain(chooseAnswerType(parts.join('')));
    }),
  );
});
