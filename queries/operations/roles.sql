-- Grant the service only the privileges that serving needs. Run it as the owner of the tables, after every
-- `wallet-api db upgrade`; it is idempotent:
--
--     psql "$DATABASE_URL" --set ON_ERROR_STOP=1 --single-transaction --file queries/operations/roles.sql
--
-- Then create the role that the service connects as, which must own nothing:
--
--     create role wallet_api_web login password '…' in role wallet_api_runtime;
--
-- Run migrations and commands as the owner. Where roles cannot be created (Heroku's smaller plans), the triggers still
-- apply, also to the owner.
do $$
declare
    tables_owner name := (
        select tableowner
        from pg_tables
        where schemaname = current_schema() and tablename = 'wallets'
    );
    grantee regrole;
begin
    if not exists (select from pg_roles where rolname = 'wallet_api_runtime') then
        create role wallet_api_runtime nologin;
    end if;
    -- In the schema of the tables. First revoke what an older version of this script granted.
    execute format('revoke all on all tables in schema %I from wallet_api_runtime', current_schema());
    execute format('revoke all on all sequences in schema %I from wallet_api_runtime', current_schema());
    execute format('grant usage on schema %I to wallet_api_runtime', current_schema());
    -- A temporary table, or one in another schema, could shadow ours. Only imports, by the owner, need one.
    execute format('revoke create on schema %I from public', current_schema());
    execute format('revoke temporary on database %I from public', current_database());
    execute format('grant temporary on database %I to %I', current_database(), tables_owner);
    -- Objects that others create in these two could shadow those that our statements name.
    execute format('revoke create on database %I from public', current_database());
    for grantee in
        select item.grantee
        from pg_namespace as namespace
        cross join aclexplode(namespace.nspacl) as item
        where
            namespace.nspname = current_schema()
            and item.privilege_type = 'CREATE'
            and item.grantee not in (0, namespace.nspowner)
            and not pg_has_role(tables_owner, item.grantee, 'USAGE')
    loop
        execute format('revoke create on schema %I from %s cascade', current_schema(), grantee);
    end loop;
    for grantee in
        select item.grantee
        from pg_database as db
        cross join aclexplode(db.datacl) as item
        where
            db.datname = current_database()
            and item.privilege_type = 'CREATE'
            and item.grantee not in (0, db.datdba)
            and not pg_has_role(tables_owner, item.grantee, 'USAGE')
    loop
        execute format('revoke create on database %I from %s cascade', current_database(), grantee);
    end loop;
end
$$;

-- Default privileges may have granted access to our tables to other roles, also when a dump was restored or a table was
-- partitioned. Roles that can only read keep that; docs/decisions/rights-of-other-roles.md says why.
select
    found.role_name as revoked_from,
    found.relation_name as privilege_on
from revoke_other_rights(
    '{
        active_encryption_keys, api_clients, deposits, encryption_keys, policies, schema_migrations,
        service_policies, signing_accounts, user_policies, wallet_audit_heads, wallet_audit_log,
        wallet_policies, wallet_spends, wallets
    }'::regclass[]
) as found;

grant usage on sequence wallets_id_seq, wallet_audit_log_id_seq to wallet_api_runtime;
grant select on schema_migrations to wallet_api_runtime;

-- The default for PUBLIC, which may have been revoked.
grant execute on function time_of_entry(timestamptz) to wallet_api_runtime;

-- Nothing is deleted or truncated. Only a Base Account address may change, an encrypted key may not: rotation is a
-- command, which runs as the owner.
grant select, insert on wallets to wallet_api_runtime;
grant update (address, updated_at) on wallets to wallet_api_runtime;

grant select, insert on wallet_audit_log, wallet_audit_heads to wallet_api_runtime;
grant update (id, mac) on wallet_audit_heads to wallet_api_runtime;
grant select, insert on deposits to wallet_api_runtime;
-- Only operators register another secret: `wallet-api keys register`.
grant select on encryption_keys, active_encryption_keys to wallet_api_runtime;

-- Clients with the scope clients:write revoke clients. That they also create them needs clients.sql.
grant select on api_clients to wallet_api_runtime;
grant update (last_used_at, revoked_at) on api_clients to wallet_api_runtime;

-- Routes create policies and assign them to wallets, and users limit their own wallets. Only operators assign a policy
-- to the service or to a client.
grant select, insert on policies, wallet_policies, user_policies to wallet_api_runtime;
grant select on service_policies to wallet_api_runtime;
grant select, insert on wallet_spends, signing_accounts to wallet_api_runtime;
-- PostgreSQL locks a row only for who may update it. A trigger refuses every update.
grant update (created_at) on signing_accounts to wallet_api_runtime;
