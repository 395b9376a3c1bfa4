-- name: allow_long_statements()$
-- Raise the statement timeout until the end of the transaction, which reads whole tables.
select set_config('statement_timeout', '10min', true) as statement_timeout;

-- name: allow_short_pauses()$
-- End the session if it pauses for a second in this transaction, which holds rows that requests wait for.
select set_config('idle_in_transaction_session_timeout', '1s', true) as idle_timeout;
