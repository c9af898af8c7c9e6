import { isDeepStrictEqual } from 'node:util';
import { migrateUp } from '../../src/services/migrate.js';
import type { TestBrowser } from '../browser/chromium.js';
import { rowsIn, tablesOf } from '../support/databases.js';
import { startLatchkey } from '../support/latchkey.js';
import type { TestDatabase } from '../support/stores.js';
import type { Original } from './original.js';

/** What a recovery changed in the app's database: tables, and how many of their rows are gone, and are new. */
export type Changes = Readonly<Record<string, { readonly gone: number; readonly come: number }>>;

/**
 * Starts Latchkey beside an app, and lets a person recover as people do: they ask on the page, open the link of the
 * mail, and set a new password there.
 *
 * @param typed the address as the person types it.
 * @returns what was changed in the tables of the app.
 * @throws Error when a step of it does not come.
 */
export async function recover(
  database: TestDatabase,
  browser: TestBrowser,
  { accounts, pepper }: Original,
  typed: string,
  password: string,
): Promise<Changes> {
  await migrateUp(database.url);
  const before = await appRows(database);
  const latchkey = await startLatchkey({
    // Closing drops the database, and the app goes on.
    database: { ...database, drop: async () => undefined },
    env: { ACCOUNTS: JSON.stringify(accounts), SIGN_IN: 'off', ...(pepper ? { PASSWORD_PEPPER: pepper } : {}) },
  });
  try {
    const { page } = await browser.visit();
    const heading = (text: string) => page.waitForSelector(`h1:text-is("${text}")`);
    await page.goto(`${latchkey.url}/reset-password`);
    await page.fill('#email', typed);
    await page.click('#submit');
    await heading('Look in your mailbox');
    const mail = await latchkey.inbox.waitFor(({ text }) => text.includes('#key='));
    const link = /http:\S+#key=\S+/.exec(mail.text)?.[0] ?? '';
    await page.goto(link.replace(latchkey.settings.http.publicUrl, latchkey.url));
    await heading('Choose a new password');
    await page.fill('#password', password);
    await page.click('#submit');
    await heading('Your password is changed');
    await latchkey.inbox.waitFor(({ text }) => !text.includes('#key='));
  } finally {
    await browser.leaveAll();
    await latchkey.close();
  }
  return difference(before, await appRows(database));
}

type Rows = ReadonlyMap<string, readonly string[]>;

/** Every row of every table but ours. */
async function appRows(database: TestDatabase): Promise<Rows> {
  const tables = (await tablesOf(database)).filter((name) => !/^latchkey(?:_jobs)?\./.test(name));
  const read = async (name: string) => [name, (await rowsIn(database, name)).split('\n').filter(Boolean)] as const;
  return new Map(await Promise.all(tables.map(read)));
}

function difference(before: Rows, after: Rows): Changes {
  if (!isDeepStrictEqual([...before.keys()], [...after.keys()])) throw new Error('tables came or went');
  const changed = [...before].flatMap(([name, rows]) => {
    const now = new Set(after.get(name));
    const then = new Set(rows);
    const gone = rows.filter((each) => !now.has(each)).length;
    const come = [...now].filter((each) => !then.has(each)).length;
    return gone + come > 0 ? [[name, { gone, come }] as const] : [];
  });
  return Object.fromEntries(changed);
}
