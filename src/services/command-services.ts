import type { MikroORM } from '@mikro-orm/postgresql';
import { Accounts } from '../accounts/accounts.js';
import { HashLimiter } from '../accounts/passwords/hashing/hash-limiter.js';
import { PasswordHash } from '../accounts/passwords/password-hash.js';
import { idBeside } from '../accounts/source/beside.js';
import { Audit } from '../audit/audit.js';
import { MailTemplates } from '../mail/mail-template.js';
import { createLog } from '../observability/log.js';
import { Metrics } from '../observability/metrics.js';
import { templatesFolder } from '../package-files.js';
import type { Settings } from '../settings/settings.js';
import { openDatabase } from './database.js';

/** The objects that `latchkey account` needs: no Redis, no relay, no secret. */
export interface AccountServices {
  readonly orm: MikroORM;
  readonly accounts: Accounts;
  readonly audit: Audit;
  readonly mailTemplates: MailTemplates;
  readonly passwordHash: PasswordHash;
}

export function createAccountServices({ accounts, database }: Settings): AccountServices {
  const { shape } = accounts;
  const nameInTrail = shape ? (accountId: string) => idBeside(shape.name, accountId) : undefined;
  const orm = openDatabase(database.url, { schemas: database.schemas, poolSize: 1 });
  return {
    orm,
    accounts: new Accounts(orm, shape),
    audit: new Audit(orm, createLog('silent', 'account'), new Metrics(), nameInTrail),
    mailTemplates: new MailTemplates(templatesFolder),
    passwordHash: new PasswordHash(accounts.argon2, new HashLimiter({ hashConcurrency: 1, hashQueue: 1 })),
  };
}

/** The objects that `latchkey jobs` needs: only the database. */
export function createJobServices({
  database,
}: Settings): Pick<AccountServices, 'orm' | 'audit'> & { readonly schema: string } {
  const orm = openDatabase(database.url, { schemas: database.schemas, poolSize: 2 });
  return { orm, audit: new Audit(orm, createLog('silent', 'jobs'), new Metrics()), schema: database.schemas.jobs };
}
