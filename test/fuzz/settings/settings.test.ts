import { describe, expect, it } from 'vitest';
import { settingsSeen } from '../../../src/settings/docs.js';
import { readSettings, SettingsError } from '../../../src/settings/settings.js';
import { keptCases } from '../seeds.js';
import { fuzz } from '../stretches.js';
import type { SettingsCase } from './cases.js';
import { type Subject, settings } from './fuzzer.js';

const size = { cases: 800, seed: 20_261_127, shrinking: 500 };
const ours: Subject = { read: readSettings, seen: settingsSeen };

describe('the environment of a process', () => {
  it('gives settings, or faults that name settings and show no secret, over generated environments', async () => {
    const { findings, kinds } = await fuzz(settings(), size);
    expect(findings).toEqual([]);
    for (const kind of ['settings', '1 faults', '2 faults', '3 or more faults']) {
      expect(kinds[kind], kind).toBeGreaterThan(size.cases / 100);
    }
  });

  it.each(keptCases<SettingsCase>('settings'))('holds for a kept case: $why', async ({ case: each }) => {
    const { judge } = await settings().open({ measured: false });
    expect(judge(each)).toEqual(expect.any(String));
  });
});

describe('the judge of settings finds', () => {
  /** Our reader, with other faults. */
  const telling =
    (change: (faults: SettingsError['faults'], secret: string) => SettingsError['faults']): Subject['read'] =>
    (environment, ...rest) => {
      try {
        return readSettings(environment, ...rest);
      } catch (error) {
        if (!(error instanceof SettingsError)) throw error;
        throw new SettingsError(change(error.faults, environment.SMTP_URL ?? ''));
      }
    };

  it.each<[string, Partial<Subject>, RegExp]>([
    [
      'a secret in a fault',
      { read: telling((all, secret) => all.map((each) => ({ ...each, fault: `${each.fault} ${secret}` }))) },
      /a fault shows a secret/,
    ],
    ['a secret in what is shown', { seen: (environment) => `${environment.SECRET}` }, /settings` shows a secret/],
    ['a fault of nothing', { read: telling(() => []) }, /without a fault/],
    [
      'a fault that names nothing',
      { read: telling((all) => all.map((each) => ({ ...each, name: 'it' }))) },
      /names no setting|two faults/,
    ],
    [
      'a fault that says nothing',
      { read: telling((all) => all.map((each) => ({ ...each, fault: 'wrong' }))) },
      /does not say/,
    ],
    [
      'another exception',
      {
        read: (environment, ...rest) => {
          new URL(environment.SUPPORT_URL ?? 'https://x.example');
          return readSettings(environment, ...rest);
        },
      },
      /another error: TypeError/,
    ],
  ])('%s', async (_name, fault, why) => {
    const { findings } = await fuzz(settings({ ...ours, ...fault }), { ...size, cases: 400 });
    expect(findings.map((each) => each.why).join('\n')).toMatch(why);
  });
});
