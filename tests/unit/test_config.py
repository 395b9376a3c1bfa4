"""The settings: every default, and one error with every fault and no secret."""

import json
from operator import attrgetter

import pytest

from tests.unit.environment import REQUIRED, faults, settings
from wallet_api.config import (
    ConfigurationError,
    Settings,
    read_database_url,
    read_token_settings,
)
from wallet_api.ethereum.networks import NETWORKS

# Every optional variable: its field, the default, another value, and what that one becomes.
OPTIONAL = [
    ("JWT_ISSUER", "tokens.issuer", "wallet-api", "us", "us"),
    ("JWT_AUDIENCE", "tokens.audience", "wallet-api-users", "you", "you"),
    ("JWT_TTL_SECONDS", "tokens.ttl_seconds", 604_800, "60", 60),
    (
        "QUICK_AUTH_ISSUER",
        "quick_auth_issuer",
        "https://auth.farcaster.xyz",
        "https://auth.example",
        "https://auth.example",
    ),
    ("QUICK_AUTH_AUDIENCE", "quick_auth_audience", (), " a.io,, b.io ,", ("a.io", "b.io")),
    (
        "QUICK_AUTH_JWKS_URL",
        "quick_auth_jwks_url",
        "https://auth.farcaster.xyz/.well-known/jwks.json",
        "http://127.0.0.1:9/keys",
        "http://127.0.0.1:9/keys",
    ),
    ("NETWORK", "network", NETWORKS["base-mainnet"], "base-testnet", NETWORKS["base-testnet"]),
    ("ALLOW_KEY_EXPORT", "allow_key_export", False, "true", True),
    ("ALLOW_KEY_READ", "allow_key_read", True, "false", False),
    ("CORS_ORIGINS", "cors_origins", (), "https://a.example", ("https://a.example",)),
    ("PORT", "port", 8000, "65535", 65535),
    ("WEB_CONCURRENCY", "web_concurrency", 2, "1", 1),
    ("WEB_THREADS", "web_threads", 8, "16", 16),
    ("DB_POOL_MIN", "db_pool_min", 1, "0", 0),
    ("DB_POOL_MAX", "db_pool_max", 8, "20", 20),
    ("DB_POOL_TIMEOUT", "db_pool_timeout", 5, "0.5", 0.5),
    ("LOG_LEVEL", "log_level", "INFO", "DEBUG", "DEBUG"),
    ("LOG_FORMAT", "log_format", "json", "console", "console"),
]  # fmt: skip
each_optional = pytest.mark.parametrize(
    ("name", "field", "default", "text", "value"), OPTIONAL, ids=[row[0] for row in OPTIONAL]
)


@each_optional
def test_a_variable_has_its_default(name, field, default, text, value):
    assert attrgetter(field)(settings()) == default


@each_optional
def test_an_empty_variable_counts_as_unset(name, field, default, text, value):
    assert attrgetter(field)(settings(**{name: ""})) == default


@each_optional
def test_a_variable_changes_its_setting_and_no_other(name, field, default, text, value):
    changed = settings(**{name: text})
    assert attrgetter(field)(changed) == value
    follow = {"WEB_THREADS": {"db_pool_max"}, "QUICK_AUTH_ISSUER": {"quick_auth_jwks_url"}}
    others = {row[1]: row[2] for row in OPTIONAL if row[0] != name}
    for other in set(others) - follow.get(name, set()):
        assert attrgetter(other)(changed) == others[other]


def test_the_required_variables_are_kept():
    kept = settings()
    assert kept.wallets.database_url.reveal() == REQUIRED["DATABASE_URL"]
    assert kept.wallets.encryption_secret.reveal() == REQUIRED["ENCRYPTION_SECRET"]
    assert kept.tokens.secret.reveal() == REQUIRED["JWT_SECRET"]
    assert kept.wallets.encryption_secret_previous == kept.warnings == ()


def test_the_default_pool_size_follows_the_threads():
    assert settings(WEB_THREADS="3").db_pool_max == 3
    assert settings(WEB_THREADS="3", DB_POOL_MAX="5").db_pool_max == 5


def test_the_default_key_set_is_at_the_issuer():
    changed = settings(QUICK_AUTH_ISSUER="https://auth.example")
    assert changed.quick_auth_jwks_url == "https://auth.example/.well-known/jwks.json"


@pytest.mark.parametrize("value", [{}, dict.fromkeys(REQUIRED, "")], ids=["absent", "empty"])
def test_missing_settings_are_reported_together(value):
    with pytest.raises(ConfigurationError) as refusal:
        Settings.from_environ(value)
    assert list(map(str, refusal.value.faults)) == [f"{name} is not set" for name in REQUIRED]


@pytest.mark.parametrize(
    "url",
    ["postgresql://db/app", "postgres://a:5432,b:5433/app?sslmode=require", "postgres://a,b:1/app"],
)
def test_both_spellings_of_a_database_url_are_read(url):
    assert settings(DATABASE_URL=url).wallets.database_url.reveal() == url


WRONG = {
    "DATABASE_URL": ["mysql://db/app", "db.example", "host=db", "POSTGRES://db/app"],
    "JWT_TTL_SECONDS": ["59", "31536001", "week", "1.5", "-60", "9" * 5000],
    "QUICK_AUTH_JWKS_URL": ["file:///etc/passwd", "auth.example/keys", "ftp://auth.example"],
    "NETWORK": ["base", "base_mainnet", "mainnet", "8453", "ethereum"],
    "ALLOW_KEY_EXPORT": ["2", "y", "enabled", "true false"],
    "ALLOW_SHORT_SECRET": ["2", "maybe"],
    "PORT": ["0", "65536", "http", "8000.5", "-1"],
    "WEB_CONCURRENCY": ["0", "257", "two"],
    "WEB_THREADS": ["0", "1001", "many"],
    "DB_POOL_MIN": ["-1", "9", "one"],
    "DB_POOL_MAX": ["0", "1001", "inf"],
    "DB_POOL_TIMEOUT": ["0", "0.09", "60.1", "nan", "inf", "-inf", "soon"],
    "LOG_LEVEL": ["TRACE", "10"],
    "LOG_FORMAT": ["text"],
    "ENCRYPTION_SECRET_PREVIOUS": [
        "an older secret", '"an older secret"', '["an older secret"', "['an older secret']", "{}",
        '{"0":"an older secret"}', "null", "1", "[1]", "[null]", '["an older secret",1]', '[""]',
        '[["an older secret"]]', "[" * 5000, "9" * 5000,
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text"), [(name, text) for name in WRONG for text in WRONG[name]], ids=lambda s: s[:25]
)
def test_a_wrong_value_is_one_fault_that_names_the_variable(name, text):
    (fault,) = faults(**{name: text})
    assert fault.startswith(f"{name} must b")
    assert "older secret" not in fault.replace('["older secret"]', "")


def test_every_wrong_value_is_reported_in_one_message():
    reported = faults(**{name: texts[0] for name, texts in WRONG.items()}, JWT_SECRET="short")
    assert sorted(fault.split()[0] for fault in reported) == sorted({*WRONG, "JWT_SECRET"})


@pytest.mark.parametrize("name", ["ENCRYPTION_SECRET", "JWT_SECRET"])
def test_a_secret_of_thirty_two_characters_is_enough(name):
    assert settings(**{name: "s" * 32}).warnings == ()
    assert faults(**{name: "s" * 31}) == [
        f"{name} has 31 characters; at least 32 are needed"
    ]  # fmt: skip


def test_a_short_encryption_secret_is_allowed_with_a_warning():
    allowed = settings(ENCRYPTION_SECRET="short", ALLOW_SHORT_SECRET="true")
    assert allowed.wallets.encryption_secret.reveal() == "short"
    assert tuple(map(str, allowed.warnings)) == (
        "ENCRYPTION_SECRET has 5 characters; at least 32 are needed",
    )


def test_a_short_signing_secret_is_never_allowed():
    assert faults(JWT_SECRET="short", ALLOW_SHORT_SECRET="true") == [
        "JWT_SECRET has 5 characters; at least 32 are needed"
    ]


@pytest.mark.parametrize(
    "same",
    [
        {"JWT_SECRET": REQUIRED["ENCRYPTION_SECRET"]},
        {"ENCRYPTION_SECRET_PREVIOUS": json.dumps([REQUIRED["JWT_SECRET"]])},
    ],
)
def test_one_secret_for_both_purposes_is_refused(same):
    assert faults(**same) == ["JWT_SECRET must differ from every ENCRYPTION_SECRET"]


def test_previous_secrets_are_read_in_their_order():
    older = ["short", 'with "quotes", commas and \\', "schön"]
    read = settings(ENCRYPTION_SECRET_PREVIOUS=json.dumps(older)).wallets.encryption_secret_previous
    assert [secret.reveal() for secret in read] == older


@pytest.mark.parametrize("name", ["ENCRYPTION_SECRET", "JWT_SECRET"])
def test_a_secret_that_is_not_utf_8_is_a_fault(name):
    (fault,) = faults(**{name: b"\xff\xfe".decode(errors="surrogateescape") * 32})
    assert fault.startswith(name)


def test_a_previous_secret_that_is_not_unicode_is_a_fault():
    (fault,) = faults(ENCRYPTION_SECRET_PREVIOUS='["\\ud800"]')
    assert fault.startswith("ENCRYPTION_SECRET_PREVIOUS")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://app:100%zz-hunter2@db/app",
        "postgresql://app:hunter2 hunter2@db/app",
        "postgresql://app@db/app?password=hunter2&hunter2=1",
        # What follows would be taken for a host, a database or a port, which are no secrets.
        "postgresql://app:once@hunter2@db/app",
        "postgresql://app:once@hunter2@one,two/app",
        "postgresql://app:once/hunter2@db/app",
        "postgresql://app:hunter2/once@db/app",
        "postgresql://app@hunter2@db/app",
        "postgresql://app:once@db:hunter2/app",
        "postgresql://app:once@one:5432,two:hunter2/app",
        "postgresql://app:hunter2",
        "postgresql://app:once@db/app?port=hunter2",
    ],
)
def test_a_database_url_that_libpq_cannot_read_is_a_fault_that_quotes_nothing(url):
    """The pool would log libpq's complaint, and that quotes the part it cannot read."""
    (fault,) = faults(DATABASE_URL=url)
    assert fault.startswith("DATABASE_URL must be")
    assert "hunter2" not in fault


def test_no_value_is_quoted_in_a_message():
    hidden = "hunter2"
    every = {*REQUIRED, *WRONG, *(row[0] for row in OPTIONAL)}
    with pytest.raises(ConfigurationError) as refusal:
        Settings.from_environ(dict.fromkeys(every, hidden))
    assert hidden not in str(refusal.value)
    assert hidden not in repr(refusal.value)


def test_settings_show_no_secret():
    shown = settings(ENCRYPTION_SECRET_PREVIOUS='["an older secret"]')
    for text in (repr(shown), str(shown), f"{shown}"):
        assert "the-database-password" not in text
        assert "db.example" not in text
        assert "an older secret" not in text
        assert REQUIRED["ENCRYPTION_SECRET"] not in text
        assert REQUIRED["JWT_SECRET"] not in text


def test_only_the_token_settings_can_be_read():
    read = read_token_settings({"JWT_SECRET": REQUIRED["JWT_SECRET"], "JWT_ISSUER": "us"})
    assert (read.secret.reveal(), read.issuer) == (REQUIRED["JWT_SECRET"], "us")
    with pytest.raises(ConfigurationError, match="JWT_SECRET is not set"):
        read_token_settings({})


def test_only_the_database_url_can_be_read():
    assert read_database_url(REQUIRED).reveal() == REQUIRED["DATABASE_URL"]
    with pytest.raises(ConfigurationError, match="DATABASE_URL is not set") as refusal:
        read_database_url({"JWT_SECRET": "short"})
    assert list(map(str, refusal.value.faults)) == ["DATABASE_URL is not set"]
