import 'reflect-metadata';
import { lexicographicSortSchema, printSchema } from 'graphql';
import { AccountsResolver } from '../accounts/accounts.resolver.js';
import { buildSchema } from '../graphql/build-schema.js';
import { PasswordResetResolver } from '../password-reset/password-reset.resolver.js';
import { SignUpConfirmationResolver } from '../sign-up-confirmation/sign-up-confirmation.resolver.js';

/** The schema as `schema/schema.graphql` holds it, sorted so that it changes only when something changes. */
export function emittedSchema(): string {
  const resolvers = [AccountsResolver.prototype, PasswordResetResolver.prototype, SignUpConfirmationResolver.prototype];
  const banner = '# Made from the resolvers in src/ by `npm run generate`. Do not edit.\n\n';
  return `${banner}${printSchema(lexicographicSortSchema(buildSchema(resolvers)))}\n`;
}
