import { isTrue, noAddress, type Product, textOf, timeOf } from './product.js';

/**
 * Rows of `auth.users` as CSV with a header row (`\copy (select * from auth.users) to users.csv csv header`) or lines of
 * JSON (`select to_jsonb(users) from auth.users`); supabase.com/docs, "Migrating Auth Users Between Projects".
 *
 * @param now decides whose ban is over.
 */
export function supabase(now: Date = new Date()): Product {
  return {
    name: 'supabase',
    title: 'Supabase',
    list: null,
    marks: ['encrypted_password'],
    translate(user) {
      if (textOf(user.deleted_at)) return { skipped: 'was deleted' };
      if (isTrue(user.is_anonymous)) return { skipped: 'is anonymous' };
      const email = textOf(user.email);
      if (!email) return noAddress;
      const bannedUntil = textOf(user.banned_until);
      // A ban without an end is `infinity`, which is no time: it counts.
      const end = timeOf(bannedUntil);
      const isBanned = bannedUntil !== undefined && (end === null || end > now.toISOString());
      return {
        fields: {
          id: textOf(user.id),
          email,
          hash: textOf(user.encrypted_password) ?? null,
          status: isBanned ? 'disabled' : 'active',
          createdAt: timeOf(user.created_at),
        },
        isUnverified: !textOf(user.email_confirmed_at),
      };
    },
  };
}
