import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isolated, render, type Values } from '../../src/languages/message.js';
import { MessageFault, readMessage } from '../../src/languages/read-message.js';

const filled = (text: string, values: Values = {}, language = 'en') => render(readMessage(text), values, language);
const days = 'in {n, plural, =0 {no time} one {# day} other {# days}}';

describe('a text in ICU MessageFormat', () => {
  it.each([
    ["l'adresse d''Acme", {}, "l'adresse d'Acme"],
    ['Hi {name}, {name}', { name: 'Bob' }, 'Hi Bob, Bob'],
    ["'{name}' is {name}", { name: '{x}' }, '{name} is {x}'],
    ["'{'it''s'}' #", {}, "{it's} #"],
    [days, { n: 0 }, 'in no time'],
    [days, { n: 1 }, 'in 1 day'],
    [days, { n: 1234 }, 'in 1,234 days'],
    ["{n, plural, other {'#' # {name}}}", { n: 2, name: 'x' }, '# 2 x'],
  ])('%s', (text, values, expected) => {
    expect(filled(text, values)).toBe(expected);
  });

  it('has the plural forms of its language', () => {
    const text = '{n, plural, one {# година} few {# години} many {# годин} other {# години}}';
    const all = [1, 2, 5, 11, 21, 22, 1.5].map((n) => filled(text, { n }, 'uk'));
    expect(all).toEqual(['1 година', '2 години', '5 годин', '11 годин', '21 година', '22 години', '1,5 години']);
  });

  it.each([
    ['a {', 'a name is missing after "{" (character 4)'],
    ['a } b', '"}" closes nothing (character 3)'],
    ['{name', '"{" is not closed (character 1)'],
    ['{first name}', 'a name holds letters only (character 1)'],
    ['{{ name }}', 'a name is missing after "{" (character 2)'],
    ['{n, select, a {x} other {y}}', '"select" is not supported, only plural (character 1)'],
    ['{n, plural, one {x}}', 'the category other is missing (character 1)'],
    ['{n, plural, one {x} one {y} other {z}}', 'the category one comes twice (character 24)'],
    ['{n, plural, one x}', '"{" is missing after one (character 17)'],
    ['{n, plural, one {x other {y}}', '"{" is not closed (character 1)'],
    ['{n, plural, other {{m, plural, other {x}}}}', 'a plural inside of a plural is not supported (character 20)'],
  ])('%s is refused: %s', (text, fault) => {
    expect(() => readMessage(text)).toThrow(new MessageFault(fault));
  });

  it('is read, or refused with a place in it, whatever it is', () => {
    const pieces = fc.constantFrom('{', '}', "'", '#', ',', ' ', 'plural', 'one', 'other', 'n', '=1', 'é');
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 20 }), (parts) => {
        const text = parts.join('');
        try {
          expect(typeof render(readMessage(text), { n: 1, plural: 1, one: 1, other: 1 }, 'en')).toBe('string');
        } catch (error) {
          const place = /\(character (\d+)\)$/.exec((error as Error).message)?.[1];
          if (place === undefined) expect((error as Error).message).toMatch(/^the value \w+ is missing$/);
          else expect(Number(place)).toBeLessThanOrEqual(text.length + 1);
        }
      }),
    );
  });

  it('isolates values in a language of the other direction, but no numbers', () => {
    const message = readMessage('{name}: {n, plural, other {#}}');
    expect(render(message, { name: 'Acme!', n: 5 }, 'he', isolated)).toBe('\u2068Acme!\u2069: 5');
  });

  it('throws when a value is missing', () => {
    expect(() => filled('{name}')).toThrow('the value name is missing');
  });
});
