-- Let the service create API clients, for POST /v1/clients. Run it as the owner of the tables, after roles.sql, which
-- revokes this privilege:
--
--     psql "$DATABASE_URL" --set ON_ERROR_STOP=1 --single-transaction \
--       --file queries/operations/roles.sql --file queries/operations/clients.sql
--
-- An attacker with the connection of the service can then insert a client that signs or reads keys, and let the service
-- do so: docs/decisions/clients-that-create-clients.md. The time of creation remains that of PostgreSQL.
grant insert (
    id, name, token_hash, scopes, unrestricted, policy_id, allowed_networks, expires_at
) on api_clients to wallet_api_runtime;
