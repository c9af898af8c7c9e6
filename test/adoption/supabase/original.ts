import { readFileSync } from 'node:fs';
import { rows } from '../app-database.js';
import { type AppUser, type Original, wantedUsers } from '../original.js';
import { inFolder } from '../programmed.js';

/** The cost that Supabase Auth uses, in the prefix that Go's bcrypt and pgcrypto write. */
const cost = 10;

const addUsers = `
  with given as (
    select gen_random_uuid() as id, number, lower(address) as email, password
      from rows from (unnest($1::text[]), unnest($2::text[])) with ordinality as given (address, password, number)
  ), hashes as (
    select password, crypt(password, gen_salt('bf', ${cost})) as hash from (select distinct password from given) as each
  ), users as (
    insert into auth.users (instance_id, id, aud, role, email, encrypted_password, email_confirmed_at, recovery_token,
                            raw_app_meta_data, raw_user_meta_data, created_at, updated_at)
    select '00000000-0000-0000-0000-000000000000', id, 'authenticated', 'authenticated', email, hash, now(), '',
           '{"provider": "email", "providers": ["email"]}', '{}', now(), now()
      from given join hashes using (password)
  ), sessions as (
    insert into auth.sessions (id, user_id, created_at) select gen_random_uuid(), id, now() from given returning id, user_id
  ), tokens as (
    insert into auth.refresh_tokens (token, user_id, session_id) select id::text, user_id::text, id from sessions
  )
  select email from given order by number`;

const isRight = `
  select encrypted_password = crypt($2, encrypted_password) as is_right from auth.users
   where email = lower($1) and not is_sso_user and deleted_at is null`;

/** Supabase's table. Its service is not to be had here: `crypt()` of pgcrypto, which its guides use, stands in for it. */
export const supabase: Original = {
  name: 'Supabase auth.users, with crypt() in place of its service',
  isInstalled: true,
  whyNot: '',
  hashes: 'bcrypt',
  accounts: {
    table: 'auth.users',
    passwordHash: 'encrypted_password',
    active: `email_confirmed_at IS NOT NULL AND deleted_at IS NULL AND NOT is_sso_user
      AND (banned_until IS NULL OR banned_until < now())`,
    // The service reads the empty text, not NULL, as "no token".
    set: { recovery_token: `''`, updated_at: 'now()' },
    also: ['DELETE FROM auth.sessions WHERE user_id = :id'],
    write: { format: 'bcrypt', cost, prefix: '$2a$' },
  },
  alsoReads: [],
  async makeSchema(databaseUrl) {
    await rows(databaseUrl, readFileSync(inFolder('supabase/schema.sql'), 'utf8'));
  },
  async makeUsers(databaseUrl, count): Promise<AppUser[]> {
    const users = wantedUsers(count);
    const values = [users.map(({ address }) => address), users.map(({ password }) => password)];
    const stored = await rows<{ email: string }>(databaseUrl, addUsers, values);
    return users.map(({ password }, at) => ({ address: stored[at]?.email ?? '', password }));
  },
  async verify(databaseUrl, address, password) {
    const [user] = await rows<{ is_right: boolean }>(databaseUrl, isRight, [address, password]);
    return user?.is_right === true;
  },
  close: async () => undefined,
};
