-- name: apply(names, settings)^
-- Set these settings for the session, except that a synchronous_commit of remote_apply stays, and put pg_temp last in
-- search_path. Returns the settings that an ordinary role may not change, and whether search_path names a schema that
-- this role may use. Sent once per connection.
-- The statement must work under all settings: it has no backslash, and every name has its schema. A temporary table
-- shadows others of its name unless pg_temp is last in search_path, and a function shadows PostgreSQL's own if
-- pg_catalog is in it but not first. (A pooler may return a session with our settings.) Not current_schema(), which
-- creates a temporary schema if only pg_temp is left. unnest() of two arrays always is PostgreSQL's own.
select
    count(
        case
            when
                pinned.setting_name <> 'synchronous_commit'
                or pg_catalog.current_setting('synchronous_commit') <> 'remote_apply'
                then pg_catalog.set_config(pinned.setting_name, pinned.setting, false)
        end
    ) as applied,
    pg_catalog.set_config(
        'search_path',
        pg_catalog.concat_ws(
            ', ',
            (
                select pg_catalog.string_agg(entry.element[1], ', ' order by entry.ordinal)
                from
                    pg_catalog.regexp_matches(
                        pg_catalog.current_setting('search_path'),
                        '"(?:[^"]|"")*"|[^[:space:],"]+',
                        'g'
                    ) with ordinality as entry (element, ordinal)
                where
                    entry.element[1] not in ('"pg_temp"', '"pg_catalog"')
                    and pg_catalog.lower(entry.element[1]) not in ('pg_temp', 'pg_catalog')
            ),
            'pg_temp'
        ),
        false
    ) as search_path,
    exists(
        select
        from
            pg_catalog.regexp_matches(
                pg_catalog.current_setting('search_path'),
                '"(?:[^"]|"")*"|[^[:space:],"]+',
                'g'
            ) as entry (element)
        inner join pg_catalog.pg_namespace as namespace
            on namespace.nspname::text = case
                when entry.element[1] in ('$user', '"$user"') then current_user::text
                when pg_catalog.starts_with(entry.element[1], '"')
                    then pg_catalog.replace(
                        pg_catalog.substr(entry.element[1], 2, pg_catalog.length(entry.element[1]) - 2),
                        '""',
                        '"'
                    )
                else pg_catalog.lower(entry.element[1])
            end
        where
            namespace.nspname <> 'pg_catalog'
            and pg_catalog.has_schema_privilege(namespace.oid, 'USAGE')
    ) as has_schema,
    pg_catalog.current_setting('server_encoding') as database_encoding,
    pg_catalog.current_setting('session_replication_role') as session_replication_role,
    pg_catalog.current_setting('zero_damaged_pages', true) as zero_damaged_pages,
    pg_catalog.current_setting('ignore_checksum_failure', true) as ignore_checksum_failure
from unnest(:names::text[], :settings::text[]) as pinned (setting_name, setting);
