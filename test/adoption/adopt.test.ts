import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askNobody } from '../../src/commands/adopt/open-choice.js';
import { migrateUp } from '../../src/services/migrate.js';
import { adoptIn, rehearseIn } from '../commands/adopt/adopting.js';
import { createEmptyDatabase, type TestDatabase } from '../support/stores.js';
import { handToApp } from './app-database.js';
import type { Accounts } from './original.js';
import { originals } from './originals.js';

const count = 30;

/** Of the same meaning: names of columns that are the default, and the order of the conditions, may be left out. */
function meaning({ id = 'id', email = 'email', active = 'true', ...rest }: Accounts & { emailIsLowerCase?: boolean }) {
  const conditions = active.split(/\s+AND\s+/).map((each) => each.replaceAll(/\s+/g, ' '));
  const { emailIsLowerCase: _, ...same } = rest;
  return { id, email, active: conditions.sort(), ...same };
}

for (const original of originals) {
  describe.skipIf(!original.isInstalled)(`latchkey adopt in the database of ${original.name}${original.whyNot}`, () => {
    let database: TestDatabase;
    let url: string;
    beforeAll(async () => {
      database = await createEmptyDatabase();
      url = await handToApp(database);
      await original.makeSchema(url);
      await original.makeUsers(url, count);
    });
    afterAll(async () => {
      await original.close();
      await database?.drop();
    });

    it('makes the file without a question, and a reset by it works', async () => {
      const { pepper } = original;
      const { accounts, survey, faults } = await adoptIn(url, {}, askNobody, { hasPepper: pepper !== undefined });
      expect(meaning(accounts as Accounts)).toEqual(meaning(original.accounts));
      expect(faults).toEqual([]);
      expect(survey).toMatchObject({ active: count, findings: [] });
      expect(survey.kinds.every(({ isRead }) => isRead === (original.hashes !== 'unknown'))).toBe(true);
      await migrateUp(url);
      const { changes, faults: found } = await rehearseIn(url, accounts, {}, pepper);
      expect(found).toEqual([]);
      expect(changes?.tables).toEqual(
        expect.arrayContaining([expect.objectContaining({ inserted: 0, updated: 1, deleted: 0 })]),
      );
    });
  });
}
