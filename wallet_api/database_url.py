"""Validation of DATABASE_URL, for the service, its commands, and dbmate.

libpq parses the URL, so that psql and pg_dump interpret it in the same way. A URL that libpq cannot
parse, or would misinterpret, is refused here. No message quotes a password or a part of one.
"""

import difflib
import functools
import os
import pwd
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

import psycopg
from psycopg import pq
from psycopg.conninfo import conninfo_to_dict

from wallet_api.crypto.secret import Secret
from wallet_api.environment import VariableFault

CONNECT_SECONDS = 3
HOW_TO_WRITE = (
    "Set it to postgresql://<role>:<password>@<host>/<database>; in a password %, @, / and : are "
    "written %25, %40, %2F and %3A."
)
# Defaults for parameters that the URL lacks. They detect a network partition in about ten seconds.
_DEFAULTS: dict[str, Any] = {
    "connect_timeout": CONNECT_SECONDS,
    "fallback_application_name": "wallet-api",
    "keepalives_idle": 10,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
# libpq's variables that change the target if the URL lacks the parameter.
_REDIRECTING = {
    "PGHOST": "host",
    "PGHOSTADDR": "hostaddr",
    "PGPORT": "port",
    "PGDATABASE": "dbname",
    "PGUSER": "user",
    "PGSERVICE": "service",
    "PGTARGETSESSIONATTRS": "target_session_attrs",
    "PGLOADBALANCEHOSTS": "load_balance_hosts",
}
_SCHEMA = "remove it; another schema than public is options=-csearch_path%3D<schema>"
# Parameters of other libraries, and what to write instead.
_FOREIGN = {
    "connection_limit": "set DB_POOL_MAX",
    "currentSchema": _SCHEMA,
    "pgbouncer": "remove it; docs/scaling.md describes what PgBouncer needs",
    "pool_timeout": "set DB_POOL_TIMEOUT",
    "schema": _SCHEMA,
    "search_path": _SCHEMA,
    "socket_timeout": "remove it",
    "sslaccept": "write sslmode=verify-full, or sslmode=require",
    "statement_cache_size": "remove it",
}
# What follows an unescaped "&" of such a parameter's value looks like a name.
_SECRETS = frozenset(
    {"password", "sslpassword", "oauth_client_secret", "scram_client_key", "scram_server_key"}
)
# A name of this form is shown if it cannot be a part of the password.
_NAME = re.compile(r"[A-Za-z_.-]{1,40}", re.ASCII)
_PORT = re.compile(r"(?:[1-9][0-9]{0,4})?", re.ASCII)
_HIGHEST_PORT = 65_535


def find_fault(name: str, url: str, environ: Mapping[str, str]) -> VariableFault | None:
    """Return the fault of the URL in the variable `name`, or None.

    libpq reads parameters that the URL lacks from `environ`.
    """
    fault, given = _read(url)
    if fault is not None:
        return VariableFault(name, fault, HOW_TO_WRITE)
    return _fault_of_environment(name, given, environ)


def _read(url: str) -> tuple[str | None, dict[str, str]]:
    """Return the fault of a URL, as a predicate, and the parameters that libpq reads in it."""
    if not url.startswith(("postgresql://", "postgres://")):
        return "must begin with postgresql:// or postgres://", {}
    # As libpq does, take everything up to the first @ before any / as user and password.
    place, _, query = re.sub(r"^[^@/]*@", "", url.partition("://")[2]).partition("?")
    # libpq would take a part of the password as the host or the database, and show it in errors.
    if "@" in place:
        return "must be a URL with one @: write @ and / as %40 and %2F in a password", {}
    try:
        given = {key: str(value) for key, value in conninfo_to_dict(url).items()}
    except (psycopg.Error, UnicodeError):
        # libpq's message quotes what it cannot parse, which may be the password.
        return f"must be a URL that libpq can read{_unknown_parameter(query)}", {}
    return _fault_of_places(given), given


def connection_parameters(url: Secret[str]) -> dict[str, Any]:
    """Return psycopg's connection parameters: the URL, our defaults, and UTF-8."""
    return {**_DEFAULTS, **conninfo_to_dict(url.reveal()), "client_encoding": "UTF8"}


def _unknown_parameter(query: str) -> str:
    """Return the end of the fault: an unknown parameter, and what to write instead."""
    names = [unquote(part.partition("=")[0]) for part in query.split("&") if part]
    unknown = next((name for name in names if name not in _known_parameters()), None)
    if unknown is None:
        return ", in UTF-8, with % written as %25"
    # What follows an unescaped "?" or "&" of a password looks like a parameter.
    safe = "@" not in query and not _SECRETS.intersection(names)
    if unknown in _FOREIGN:
        return f', which does not know the parameter "{unknown}": {_FOREIGN[unknown]}'
    if not safe or not _NAME.fullmatch(unknown):
        return ": it has an unknown parameter (its name could be a part of the password)"
    similar = difflib.get_close_matches(unknown, _known_parameters(), 1)
    instead = f" (did you mean {similar[0]}?)" if similar else ": remove it"
    return f', which does not know the parameter "{unknown}"{instead}'


@functools.cache
def _known_parameters() -> frozenset[str]:
    # libpq accepts ssl=true as sslmode=require.
    return frozenset({"ssl", *(known.keyword.decode() for known in pq.Conninfo.get_defaults())})


def _fault_of_places(given: Mapping[str, str]) -> str | None:
    """Return the fault of the hosts and ports, which libpq would report only when it connects."""
    hosts, addresses, ports = (
        given[part].split(",") if given.get(part) else [] for part in ("host", "hostaddr", "port")
    )
    if not all(_PORT.fullmatch(port) and int(port or 1) <= _HIGHEST_PORT for port in ports):
        return f"must be a URL whose port is a number from 1 to {_HIGHEST_PORT}"
    if hosts and addresses and len(hosts) != len(addresses):
        return "must be a URL with one hostaddr for each host"
    if 1 < len(ports) != max(len(hosts), len(addresses)):
        return "must be a URL with one port, or one for each host"
    return None


def _fault_of_environment(
    name: str, given: Mapping[str, str], environ: Mapping[str, str]
) -> VariableFault | None:
    for variable, parameter in _REDIRECTING.items():
        value = environ.get(variable)
        if value and parameter not in given and value != _default(parameter, given):
            return VariableFault(
                variable,
                f"is set and changes the target of {name}",
                f"Unset it, or write {parameter}= into {name}.",
            )
    return None


def _default(parameter: str, given: Mapping[str, str]) -> str | None:
    """Return libpq's default for a parameter that neither the URL nor a variable sets."""
    match parameter:
        case "host" | "hostaddr":
            # Each defaults to the other, if it is an IP address.
            return given.get("hostaddr" if parameter == "host" else "host")
        case "user":
            return _login_name()
        case "dbname":
            return given.get("user") or _login_name()
        case _:
            return _compiled_defaults().get(parameter)


def _login_name() -> str | None:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return None


@functools.cache
def _compiled_defaults() -> dict[str, str]:
    return {
        known.keyword.decode(): known.compiled.decode()
        for known in pq.Conninfo.get_defaults()
        if known.compiled is not None
    }
