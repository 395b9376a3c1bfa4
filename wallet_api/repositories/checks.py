"""What must be so in the whole database. Queries: queries/checks.sql."""

from wallet_api.database import Connection
from wallet_api.repositories import sql

_QUERIES = sql.load("checks")


class CheckRepository:
    """Questions whose answers should be empty, and what the server and our role are like."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list_trading_wallets_without_key(self) -> list[int]:
        """Return users (100 at most) whose trading wallet has no whole key."""
        rows = _QUERIES.list_trading_wallets_without_key(self._connection)
        return [row["fid"] for row in rows]

    def list_wallets_of_unknown_secrets(self) -> list[int]:
        """Return users (100 at most) whose key is sealed under an unknown secret."""
        rows = _QUERIES.list_wallets_of_unknown_secrets(self._connection)
        return [row["fid"] for row in rows]

    def list_deposits_to_other_addresses(self) -> list[int]:
        """Return users (100 at most) with a deposit that goes elsewhere."""
        rows = _QUERIES.list_deposits_to_other_addresses(self._connection)
        return [row["fid"] for row in rows]

    def list_triggers(self) -> dict[str, bool]:
        """Return our triggers by name, and whether each is in force."""
        rows = _QUERIES.list_triggers(self._connection)
        return {row["guard_name"]: row["in_force"] for row in rows}

    def list_invalid_indexes(self) -> list[str]:
        """Return indexes whose building was broken off."""
        return [row["index_name"] for row in _QUERIES.list_invalid_indexes(self._connection)]

    def list_unvalidated_constraints(self) -> list[str]:
        """Return constraints that hold for new rows only."""
        rows = _QUERIES.list_unvalidated_constraints(self._connection)
        return [row["constraint_name"] for row in rows]

    def get_settings(self) -> dict[str, bool]:
        """Return whether the server keeps what it commits, and encrypts this connection."""
        return dict(_QUERIES.get_settings(self._connection))

    def list_excess_rights(self) -> list[str]:
        """Return what the current role can do, and should not be able to: "DELETE on wallets"."""
        rows = _QUERIES.list_excess_rights(self._connection)
        return [f"{row['right_name']} on {row['relation_name']}" for row in rows]
