import { randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { Accounts, Credential } from '../../accounts/accounts.js';
import type { CredentialEvents } from '../../accounts/credential-events.js';
import { type EmailAddress, parseEmailAddress } from '../../accounts/email-address.js';
import { disableAccount, enableAccount } from '../../accounts/own-status.js';
import { kindOfHash } from '../../accounts/passwords/forms/imported-hash.js';
import type { Argon2Settings, PasswordHash } from '../../accounts/passwords/password-hash.js';
import type { Audit } from '../../audit/audit.js';
import { CommandFailure, explain } from '../failure.js';
import type { Writer } from '../progress.js';
import { type ExportFlags, exportAccounts } from './export.js';
import { parseUuid } from './import/entry.js';
import { type ImportFlags, runImport } from './import/run.js';

export interface AccountAdminDeps {
  readonly accounts: Accounts;
  readonly audit: Pick<Audit, 'record' | 'note'>;
  readonly passwordHash: Pick<PasswordHash, 'make'>;
  /** `PASSWORD_PEPPER`. */
  readonly pepper?: string | undefined;
  readonly argon2: Argon2Settings;
  /** Makes the events of other services; undefined if none is told. */
  readonly openEvents?: (() => Promise<Pick<CredentialEvents, 'record'>>) | undefined;
  /** The language in which mails to such a locale are written, or null if there is none. */
  readonly knownLocale: (locale: string | null) => string | null;
  readonly languages: readonly string[];
  readonly terminal: { readonly in: Readable; readonly out: Writer; readonly err: Writer };
}

/** The origin of these events in the audit trail. */
const origin = 'command line';
/** What an operator does with accounts. Every method throws `CommandFailure` with a message for the operator. */
export class AccountAdmin {
  constructor(private readonly deps: AccountAdminDeps) {}

  /** Adds an account with a random password that nobody knows; its owner sets one by a reset. */
  async add(addressText: string, { id: idText, locale: localeText }: { id?: string; locale?: string }): Promise<void> {
    this.#refuseForeign();
    const { accounts, audit, passwordHash, knownLocale, languages } = this.deps;
    const email = parseEmailAddress(addressText);
    if (!email) throw new CommandFailure('the address is not one plain e-mail address');
    const id = idText === undefined ? undefined : parseUuid(idText);
    if (idText !== undefined && !id) throw new CommandFailure('--id is not a UUID');
    const locale = knownLocale(localeText ?? null);
    if (localeText !== undefined && !locale) {
      throw new CommandFailure(`--locale: there are no mails in this language; there are ${languages.join(', ')}`);
    }
    const fields = {
      email,
      locale,
      passwordHash: await passwordHash.make(randomBytes(32).toString('base64url'), { urgency: 'other' }),
    };
    const added = await explained(
      accounts.create({ ...fields, ...(id ? { id } : {}) }, (transaction, accountId) =>
        audit.record(transaction, { kind: 'account.added', accountId, origin }),
      ),
    );
    if (!added) throw await this.#taken(email);
    this.#print(`added ${added.id}`);
  }

  /** Disables an account; this also ends all its reset keys and access tokens. */
  async disable(who: string): Promise<void> {
    this.#refuseForeign();
    const { accounts, audit } = this.deps;
    const { id } = await this.#find(who);
    const events = await this.deps.openEvents?.();
    const changed = await explained(
      accounts.transaction(async (transaction) => {
        const disabled = await disableAccount(transaction, id);
        if (!disabled) return false;
        await audit.record(transaction, { kind: 'account.disabled', accountId: id, origin });
        await events?.record(transaction, 'account.disabled', id, await accounts.now(transaction));
        return true;
      }),
    );
    this.#print(changed ? `disabled ${id}` : `${id} was disabled already`);
  }

  async enable(who: string): Promise<void> {
    this.#refuseForeign();
    const { accounts, audit } = this.deps;
    const { id } = await this.#find(who);
    const events = await this.deps.openEvents?.();
    const changed = await explained(
      accounts.transaction(async (transaction) => {
        const enabled = await enableAccount(transaction, id);
        if (!enabled) return false;
        await audit.record(transaction, { kind: 'account.enabled', accountId: id, origin });
        await events?.record(transaction, 'account.enabled', id, await accounts.now(transaction));
        return true;
      }),
    );
    this.#print(changed ? `enabled ${id}` : `${id} was enabled already`);
  }

  async show(who: string, { json }: { json?: boolean }): Promise<void> {
    const { id } = await this.#find(who);
    const account = await explained(this.deps.accounts.findWithHash({ id }));
    if (!account) throw unknownAccount();
    await this.deps.audit.note({ kind: 'account.shown', accountId: id, origin });
    const { email, locale, status, credentialVersion, sessionVersion, createdAt, credentialsChangedAt } = account;
    const shown = {
      id,
      email,
      locale: locale ?? null,
      status,
      credentialVersion,
      sessionVersion,
      createdAt: createdAt.toISOString(),
      credentialsChangedAt: credentialsChangedAt?.toISOString() ?? null,
      hash: account.passwordHash ? kindOfHash(account.passwordHash) : { algorithm: 'none' },
    };
    if (json) return this.#print(JSON.stringify(shown));
    const inWords = {
      ...shown,
      locale: locale ?? 'none',
      credentialsChangedAt: shown.credentialsChangedAt ?? 'unknown',
    };
    for (const [name, value] of Object.entries(inWords)) {
      const text = typeof value === 'object' ? Object.values(value).join(' ') : value;
      this.#print(`${name.padEnd(20)} ${text}`);
    }
  }

  /**
   * @param file its path, or `-` for standard input.
   * @returns the exit code: 0, 2 when records were refused, 130 when it was interrupted.
   */
  async import(file: string, flags: ImportFlags & { signal?: AbortSignal }): Promise<number> {
    this.#refuseForeign();
    const { pepper, terminal } = this.deps;
    return runImport({ ...this.deps, pepper, err: terminal.err }, file, flags);
  }

  /** Writes every account as a line that `import` reads. */
  async export(flags: ExportFlags): Promise<void> {
    this.#refuseForeign();
    const { accounts, audit, terminal } = this.deps;
    await explained(exportAccounts({ accounts, audit, terminal }, flags));
  }

  async #find(who: string): Promise<Credential> {
    const email = parseEmailAddress(who);
    // The ids of an app have any form.
    const id = this.deps.accounts.shapeName ? who : parseUuid(who);
    if (!email && !id) throw new CommandFailure('neither an e-mail address nor the id of an account (a UUID)');
    const account = await explained(this.deps.accounts.find(email ? { email } : { id: id ?? '' }));
    if (!account) throw unknownAccount();
    return account;
  }

  /** @throws CommandFailure where the accounts are those of an app. */
  #refuseForeign(): void {
    const { shapeName } = this.deps.accounts;
    if (!shapeName) return;
    throw new CommandFailure(
      `the app owns the rows of ${shapeName}, where accounts live (ACCOUNTS); change them there`,
    );
  }

  async #taken(email: EmailAddress): Promise<CommandFailure> {
    const holder = await explained(this.deps.accounts.find({ email }));
    return new CommandFailure(
      holder ? `the address has an account already: ${holder.id}` : 'the id has an account already',
    );
  }

  #print(line: string): void {
    this.deps.terminal.out.write(`${line}\n`);
  }
}

async function explained<T>(work: Promise<T>): Promise<T> {
  return work.catch((error: unknown) => {
    throw new CommandFailure(explain(error), { cause: error });
  });
}

function unknownAccount(): CommandFailure {
  return new CommandFailure('no such account');
}
