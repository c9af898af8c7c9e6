import { Accounts } from './20261122-accounts.js';
import { ReceiptsByTime } from './20261122-receipts-by-time.js';
import { AccountsWithoutPassword } from './20261126-accounts-without-password.js';
import { AddressCollation } from './20261126-address-collation.js';
import { DataKeyTable } from './20261126-data-key.js';
import { EraseAuditEvents } from './20261126-erase-audit-events.js';
import { PasswordForms } from './20261126-password-forms.js';
import { Refusals } from './20261126-refusals.js';
import { AdoptedAccounts } from './20261127-adopted-accounts.js';
import { OwnSchemas } from './20261127-own-schemas.js';
import { Events } from './20261128-events.js';
import { ImportedAccounts } from './20261128-imported-accounts.js';

/** In the order in which they are applied. Append only. */
export const migrations = [
  Accounts,
  ReceiptsByTime,
  DataKeyTable,
  AccountsWithoutPassword,
  Refusals,
  PasswordForms,
  EraseAuditEvents,
  AddressCollation,
  OwnSchemas,
  AdoptedAccounts,
  Events,
  ImportedAccounts,
];
