import { GraphQLDateTimeISO } from 'graphql-scalars';
import { Field, ID, ObjectType } from 'type-graphql';

@ObjectType('Account', {
  description: 'Somebody who can sign in. Example: `{ id: "0b9c…", email: "alice@example.com" }`.',
})
export class AccountType {
  @Field(() => ID, {
    description:
      'A random UUID, or the id that the table of an app has. Example: `0b9cbb0e-6d3f-4c53-8e0a-2f3a51f0c3aa`.',
  })
  id!: string;

  @Field(() => String, {
    description:
      'The address as it is stored, its domain in ASCII; in lower case unless the table of an app has it otherwise. Example: `alice@example.com`.',
  })
  email!: string;

  @Field(() => String, {
    nullable: true,
    description: 'Language of the mails to this account; null means the language of each request. Example: `en`.',
  })
  locale!: string | null;

  @Field(() => GraphQLDateTimeISO, { description: 'Example: `2026-11-22T09:30:00.000Z`.' })
  createdAt!: Date;

  @Field(() => GraphQLDateTimeISO, {
    nullable: true,
    description:
      'When the password was set here last; null if it never was, which only the table of an app allows. Example: `2026-11-22T09:30:00.000Z`.',
  })
  passwordChangedAt!: Date | null;
}
