import { Migration } from '@mikro-orm/migrations';

/**
 * How many accounts have a password hash of which form, by the domain of their address and ('') overall, as of the last
 * deal: at this migration, at an import, and when the form of our own hashes changes. `renewed` counts those of them
 * whose hash is of our own form by now. A refused sign-in for an address without an account takes as long as one of
 * these (see `src/accounts/passwords/forms/shares.ts`).
 */
export class PasswordForms extends Migration {
  override name = '20261126-password-forms';

  override up(): void {
    this.addSql(`
      create table password_form (
        domain text collate "C" not null,
        form text collate "C" not null,
        dealt bigint not null check (dealt >= 0),
        renewed bigint not null default 0 check (renewed between 0 and dealt),
        primary key (domain, form)
      )`);
    this.addSql(`
      insert into password_form (domain, form, dealt)
      select coalesce(domain, ''), form, count(*)
        from (
          select split_part(email, '@', 2) as domain,
                 case
                   when password_hash like '$argon2id$v=19$%' then 'argon2id ' || split_part(password_hash, '$', 4)
                   when password_hash ~ '^[$]2[aby][$][0-9][0-9][$]' then 'bcrypt ' || split_part(password_hash, '$', 3)
                 end as form
            from account where status = 'active'
        ) as each
       where form is not null
       group by grouping sets ((domain, form), (form))`);
  }
}
