-- Django writes the name of its hasher before a hash: `bcrypt$` and `$2b$12$…`, `argon2` and `$argon2id$…`.
-- This view shows hashes without it, and puts it before those that are written; Django and its table stay as they are.
create view public.recovery_user as
  select id, email, is_active, regexp_replace(password, '^(?:bcrypt\$(?=\$2)|argon2(?=\$argon2))', '') as password
    from public.auth_user;

create function public.write_recovered_password() returns trigger language plpgsql as $$
begin
  update public.auth_user
     set password = case when new.password like '$argon2%' then 'argon2' else 'bcrypt$' end || new.password
   where id = old.id;
  return case when found then new end;
end
$$;

create trigger write_recovered_password instead of update on public.recovery_user
  for each row execute function public.write_recovered_password();
