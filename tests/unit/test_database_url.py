"""Invalid values of DATABASE_URL, and errors that do not contain the password."""

import os
import pwd
from types import SimpleNamespace

import pytest

from wallet_api.config import ConfigurationError, Settings, read_database_url
from wallet_api.crypto.secret import Secret
from wallet_api.database_url import connection_parameters

URL = "postgresql://app:hunter2@db.example/wallets"
SECRETS = {"ENCRYPTION_SECRET": "e" * 32, "JWT_SECRET": "j" * 32}


def fault(url, name="DATABASE_URL", **environ):
    """Return the one fault of a URL."""
    whole = {"DATABASE_URL": URL, **SECRETS, **environ, name: url}
    with pytest.raises(ConfigurationError) as refusal:
        Settings.from_environ(whole)
    (found,) = refusal.value.faults
    assert "hunter" not in str(refusal.value)
    return f"{found}. {found.remedy}"


@pytest.mark.parametrize("name", ["DATABASE_URL", "DATABASE_REPLICA_URL"])
@pytest.mark.parametrize(
    ("parameter", "instead"),
    [
        ("pgbouncer=true", 'the parameter "pgbouncer": remove it; docs/scaling.md describes'),
        (
            "schema=public",
            'the parameter "schema": remove it; another schema than public is opt',
        ),
        ("currentSchema=app", 'the parameter "currentSchema": remove it; another schema'),
        ("search_path=app", 'the parameter "search_path": remove it; another schema'),
        ("connection_limit=5", 'the parameter "connection_limit": set DB_POOL_MAX'),
        ("pool_timeout=5", 'the parameter "pool_timeout": set DB_POOL_TIMEOUT'),
        ("statement_cache_size=0", 'the parameter "statement_cache_size": remove it'),
        ("sslaccept=strict", 'the parameter "sslaccept": write sslmode=verify-full'),
        ("sslmod=require", 'the parameter "sslmod" (did you mean sslmode?)'),
        ("SSLMODE=require", 'the parameter "SSLMODE":'),
        ("sslmode=require&supa=base", 'the parameter "supa": remove it'),
        ("x-migrations-table=t", 'the parameter "x-migrations-table":'),
    ],
)
def test_an_unknown_parameter_is_reported_with_a_suggestion(name, parameter, instead):
    found = fault(f"{URL}?{parameter}", name)
    assert found.startswith(
        f"{name} must be a URL that libpq can read, which does not know {instead}"
    )


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://app@db/wallets?password=a&hunter=1",
        "postgresql://app@db/wallets?password=a&hunter",
        "postgresql://app@db/wallets?sslpassword=a&hunter=1",
        "postgresql://app:a/b?hunter=c@db/wallets",
        "postgresql://app:a/b?pgbouncer=c&hunter=c@db/wallets",
        "postgresql://app:a@db/wallets?%68unter2%20=1",
        f"{URL}?" + "hunter2" * 9,
        f"{URL}?oauth_client_secret=abc&hunter",
        f"{URL}?password=abc&hunter",
        f"{URL}?sslpassword=abc&hunter",
        f"{URL}?scram_client_key=abc&hunter",
        f"{URL}?scram_server_key=abc&hunter",
    ],
)
def test_a_name_that_may_be_a_part_of_the_password_is_withheld(url):
    assert fault(url).startswith("DATABASE_URL must be a URL")


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("postgresql://app:%E4hunter2@db/wallets", "in UTF-8"),
        ("postgresql://app:hunter2\udce4@db/wallets", "in UTF-8"),
        ("postgresql://app:100%hunter2@db/wallets", "with % written as %25"),
        ("postgresql://app:%00hunter2@db/wallets", "libpq can read"),
        ("postgresql://app:p@hunter2@db/wallets", "one @: write @ and / as %40 and %2F"),
        ("postgresql://app:p/hunter2@db/wallets", "one @"),
        ("postgresql://app:p@db:0/wallets", "port is a number from 1 to 65535"),
        ("postgresql://app:p@db:65536/wallets", "port is a number from 1 to 65535"),
        ("postgresql://app:p@db:54x2/wallets", "port is a number from 1 to 65535"),
        ("postgresql://app:p@db/wallets?port=+5432", "port is a number from 1 to 65535"),
        ("postgresql://app:p@a:1,b:2,c/wallets?port=1,2", "one port, or one for each host"),
        ("postgresql://app:p@a,b/wallets?hostaddr=10.0.0.1", "one hostaddr for each host"),
        ("postgresql://app:p@[::1/wallets", "libpq can read"),
    ],
)
def test_a_url_without_a_server_or_database_is_refused_at_the_start(url, sentence):
    assert sentence in fault(url)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://app%40tenant:p%40%2F%3A%3F%23@db/a%40b",
        "postgresql://app:what?not@db/wallets",
        "postgresql://db/wallets?user=app@tenant&password=p@ss",
        "postgresql:///wallets?host=@abstract",
        "postgresql://%40abstract/wallets",
        "postgresql://a:5432,b:,c/wallets",
        "postgresql://a,b/wallets?port=5433",
        "postgresql://a,b/wallets?hostaddr=10.0.0.1,10.0.0.2",
        "postgresql://[::1],[fe80::1%25eth0]:5433/wallets",
        "postgresql://db/wallets?ssl=true",
        "postgres://",
    ],
)
def test_a_form_that_libpq_accepts_is_unchanged(url):
    assert read_database_url({"DATABASE_URL": url}).reveal() == url


REDIRECTING = {
    "PGHOST": "host",
    "PGHOSTADDR": "hostaddr",
    "PGPORT": "port",
    "PGDATABASE": "dbname",
    "PGUSER": "user",
    "PGSERVICE": "service",
    "PGTARGETSESSIONATTRS": "target_session_attrs",
    "PGLOADBALANCEHOSTS": "load_balance_hosts",
}


@pytest.mark.parametrize("name", ["DATABASE_URL", "DATABASE_REPLICA_URL"])
@pytest.mark.parametrize(("variable", "parameter"), REDIRECTING.items())
def test_a_variable_of_libpq_that_leads_elsewhere_is_refused(name, variable, parameter):
    others = [f"{other}=1" for other in REDIRECTING.values() if other != parameter]
    url = f"postgresql://?{'&'.join(others)}"
    # The other one of the two URLs says all.
    whole = dict.fromkeys(("DATABASE_URL", "DATABASE_REPLICA_URL"), f"{url}&{parameter}=1")
    assert fault(url, **{**whole, variable: "hunter2"}, name=name) == (
        f"{variable} is set and changes the target of {name}. Unset it, or write {parameter}= into "
        f"{name}."
    )


@pytest.mark.parametrize(("variable", "parameter"), REDIRECTING.items())
def test_a_variable_of_libpq_that_the_url_overrides_is_no_fault(variable, parameter):
    url = f"postgresql://?{parameter}=1"
    environ = {"DATABASE_URL": url, variable: "2"}
    assert read_database_url(environ).reveal() == url
    assert read_database_url({"DATABASE_URL": URL, variable: ""}).reveal() == URL


@pytest.mark.parametrize(
    ("variable", "value", "url"),
    [
        ("PGPORT", "5432", "postgresql://db/wallets?user=app"),
        ("PGTARGETSESSIONATTRS", "any", URL),
        ("PGLOADBALANCEHOSTS", "disable", URL),
        ("PGHOST", "10.0.0.1", "postgresql:///wallets?hostaddr=10.0.0.1"),
        ("PGHOSTADDR", "10.0.0.1", "postgresql://10.0.0.1/wallets"),
        ("PGUSER", pwd.getpwuid(os.geteuid()).pw_name, "postgresql://db/wallets"),
        ("PGDATABASE", "app", "postgresql://app@db"),
        ("PGDATABASE", pwd.getpwuid(os.geteuid()).pw_name, "postgresql://db"),
    ],
)
def test_a_variable_of_libpq_that_leads_to_the_same_place_is_no_fault(variable, value, url):
    assert read_database_url({"DATABASE_URL": url, variable: value}).reveal() == url
    elsewhere = {"DATABASE_URL": url, variable: f"{value}0"}
    with pytest.raises(ConfigurationError, match=f"{variable} is set and changes the target"):
        read_database_url(elsewhere)


def test_a_user_without_a_passwd_entry_gets_an_explanation(monkeypatch):
    def absent(uid):
        raise KeyError(uid)

    monkeypatch.setattr(pwd, "getpwuid", absent)
    found = fault("postgresql://db/wallets", PGUSER="app")
    assert found.startswith("PGUSER is set and changes the target of DATABASE_URL")


def test_the_default_user_is_that_of_the_effective_uid(monkeypatch):
    """As in libpq."""
    effective = os.getuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: effective)
    monkeypatch.setattr(pwd, "getpwuid", lambda uid: SimpleNamespace(pw_name=f"user{uid}"))
    url = "postgresql://db/wallets"
    environ = {"DATABASE_URL": url, "PGUSER": f"user{effective}"}
    assert read_database_url(environ).reveal() == url


def test_a_known_parameter_may_be_written_with_percent_signs():
    assert "unknown parameter" not in fault(f"{URL}?ssl%6Dode=requir%")


def test_text_is_utf_8_with_every_client_encoding_of_the_url():
    parameters = connection_parameters(Secret(f"{URL}?client_encoding=latin1"))
    assert parameters["client_encoding"] == "UTF8"
