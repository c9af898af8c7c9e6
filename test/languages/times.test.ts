import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { checkCatalogue } from '../../src/languages/check-catalogue.js';
import { duration, moment, momentWithDay } from '../../src/languages/times.js';
import { packageFolder } from '../../src/package-files.js';

const json = readFileSync(`${packageFolder}templates/locales/en.json`, 'utf8');
const { time } = checkCatalogue({ file: 'en.json', language: 'en', json });

it.each([
  [3_600, 'for 1 hour'],
  [5_400, 'for 90 minutes'],
  [86_400, 'for 1 day'],
  [90, 'for 90 seconds'],
  [3_599, 'for 59 minutes'],
  [100_001, 'for 27 hours'],
  [1, 'for 1 second'],
  [0, 'for 0 seconds'],
  [-5, 'for 0 seconds'],
])('%i seconds are "%s": exact, or never longer than they are', (seconds, words) => {
  expect(duration(time.for, seconds, 'en')).toBe(words);
});

it('a moment names its zone and no seconds, the same in every zone of the machine', () => {
  expect(moment(new Date('2026-11-28T15:04:59Z'), 'en')).toBe('November 28, 2026 at 3:04 PM UTC');
  expect(moment(new Date('2026-11-28T15:04:59Z'), 'de')).toBe('28. November 2026 um 15:04 UTC');
  expect(momentWithDay(new Date('2026-11-28T15:04:59Z'), 'fr')).toBe('samedi 28 novembre 2026 à 15:04 UTC');
});
