import bcrypt from 'bcryptjs';
import { expect, it, vi } from 'vitest';
import { startLatchkey } from '../../support/latchkey.js';

it('a process that closes while a sign-in renews a hash writes it before the pool is closed', async () => {
  const latchkey = await startLatchkey({ withoutWorker: true });
  const { services, database } = latchkey;
  const [email, password] = ['old@example.com', 'correct horse battery'];
  await latchkey.signUp(email, password);
  await database.query('update account set password_hash = $1', [bcrypt.hashSync(password, 4)]);

  const { promise: held, resolve: letGo } = Promise.withResolvers<void>();
  const make = services.passwordHash.make.bind(services.passwordHash);
  const making = vi.spyOn(services.passwordHash, 'make').mockImplementation(async (...asked) => {
    await held;
    return make(...asked);
  });
  const stop = services.jobs.stop.bind(services.jobs);
  vi.spyOn(services.jobs, 'stop').mockImplementation(async () => {
    await stop();
    // A close that did not wait for the hash would have closed the pool long before that.
    setTimeout(letGo, 500);
  });
  const closePool = services.orm.close.bind(services.orm);
  const stored = vi.fn();
  vi.spyOn(services.orm, 'close').mockImplementation(async (force) => {
    const [row] = await database.query<{ password_hash: string }>('select password_hash from account');
    stored(row?.password_hash);
    await closePool(force);
  });

  expect(await latchkey.signIn(email, password)).toBeDefined();
  expect(making).toHaveBeenCalledOnce();
  await latchkey.close();
  expect(stored).toHaveBeenCalledExactlyOnceWith(expect.stringMatching(/^\$argon2id\$/));
});
