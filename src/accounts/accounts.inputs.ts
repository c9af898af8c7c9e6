import { Field, InputType } from 'type-graphql';

@InputType({ description: 'Example: `{ email: "alice@example.com", password: "correct horse battery" }`.' })
export class SignUpInput {
  @Field(() => String, { description: 'One plain address, at most 254 characters. Example: `alice@example.com`.' })
  email!: string;

  @Field(() => String, {
    description: 'See `passwordPolicy`; give it as a variable. Example: `correct horse battery`.',
  })
  password!: string;

  @Field(() => String, {
    nullable: true,
    description: 'Language of the mails to this account (BCP 47); unknown ones count as none. Example: `en`.',
  })
  locale?: string | null;
}

@InputType({ description: 'Example: `{ email: "alice@example.com", password: "correct horse battery" }`.' })
export class SignInInput {
  @Field(() => String, { description: 'Example: `alice@example.com`.' })
  email!: string;

  @Field(() => String, { description: 'Give it as a variable. Example: `correct horse battery`.' })
  password!: string;

  @Field(() => String, {
    nullable: true,
    description:
      'The `device` that this device was given last, if it keeps one: strangers who try passwords then cannot hold its owner up. Anything else counts as none. Example: `q83…43 characters…Hkw`.',
  })
  device?: string | null;
}

@InputType({
  description: 'Example: `{ currentPassword: "correct horse battery", newPassword: "staple battery horse" }`.',
})
export class ChangePasswordInput {
  @Field(() => String, { description: 'Give it as a variable. Example: `correct horse battery`.' })
  currentPassword!: string;

  @Field(() => String, { description: 'See `passwordPolicy`; give it as a variable. Example: `staple battery horse`.' })
  newPassword!: string;
}
