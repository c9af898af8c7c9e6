import { Field, InputType } from 'type-graphql';

@InputType({ description: 'Example: `{ email: "alice@example.com", password: "correct horse battery" }`.' })
export class SignUpInput {
  @Field(() => String, { description: 'One plain address, at most 254 characters. Example: `alice@example.com`.' })
  email!: string;

  @Field(() => String, {
    description: 'See `passwordPolicy`; pass it as a GraphQL variable. Example: `correct horse battery`.',
  })
  password!: string;

  @Field(() => String, {
    nullable: true,
    description: 'Language of the mails to this account (BCP 47); an unknown language counts as none. Example: `en`.',
  })
  locale?: string | null;
}

@InputType({ description: 'Example: `{ email: "alice@example.com", password: "correct horse battery" }`.' })
export class SignInInput {
  @Field(() => String, { description: 'Example: `alice@example.com`.' })
  email!: string;

  @Field(() => String, { description: 'Pass it as a GraphQL variable. Example: `correct horse battery`.' })
  password!: string;

  @Field(() => String, {
    nullable: true,
    description:
      'The last `device` token that this device received, if it stored one: with it the owner can still sign in after strangers tried too many passwords. An invalid token is ignored. Example: `q83…43 characters…Hkw`.',
  })
  device?: string | null;
}

@InputType({
  description: 'Example: `{ currentPassword: "correct horse battery", newPassword: "staple battery horse" }`.',
})
export class ChangePasswordInput {
  @Field(() => String, { description: 'Pass it as a GraphQL variable. Example: `correct horse battery`.' })
  currentPassword!: string;

  @Field(() => String, {
    description: 'See `passwordPolicy`; pass it as a GraphQL variable. Example: `staple battery horse`.',
  })
  newPassword!: string;
}
