import type { Shape } from '../../settings/accounts/shape.js';

/**
 * The standard shape: our own table. Its versions stand in the row itself and rise in the UPDATE of a new password, so
 * it needs neither a stamp nor a row beside it.
 */
export const ownShape: Shape = {
  name: '',
  table: 'account',
  id: 'id',
  email: 'email',
  passwordHash: 'password_hash',
  active: `status = 'active'`,
  locale: 'locale',
  set: [
    { column: 'credential_version', value: 'credential_version + 1' },
    { column: 'session_version', value: 'session_version + 1' },
    { column: 'credentials_changed_at', value: 'now()' },
  ],
  also: [],
  ends: [],
  emailIsLowerCase: true,
  write: { format: 'argon2id' },
};
