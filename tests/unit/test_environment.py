"""Copied values: surrounding characters are removed, and impossible values refused."""

from dataclasses import fields, is_dataclass

import pytest

from tests.documentation.pages import read
from tests.factories import OTHER_SECRET
from tests.leaks import LEAKS
from tests.unit.environment import METRICS_TOKEN, REQUIRED, faults, settings
from wallet_api.config import (
    ConfigurationError,
    Settings,
    read_database_url,
    read_token_settings,
    read_wallet_settings,
)
from wallet_api.crypto.secret import Secret
from wallet_api.environment import trim

LEAKS.secrets |= {METRICS_TOKEN}
# A value of every setting that is not its default.
GOOD = {
    **REQUIRED,
    "ENCRYPTION_SECRET_PREVIOUS": '["an older secret"]',
    "ALLOW_SHORT_SECRET": "true",
    "ALLOW_KEY_EXPORT": "true",
    "ALLOW_KEY_READ": "false",
    "JWT_ISSUER": "us",
    "JWT_AUDIENCE": "you",
    "JWT_TTL_SECONDS": "60",
    "QUICK_AUTH_ISSUER": "https://auth.example",
    "QUICK_AUTH_AUDIENCE": "app.example.com,beta.example.com",
    "QUICK_AUTH_JWKS_URL": "http://127.0.0.1:9/keys?a=b",
    "CORS_ORIGINS": "https://app.example.com,http://localhost:3000",
    "METRICS_TOKEN": METRICS_TOKEN,
    "DEMO_FID": "7",
    "WALLET_STORAGE": "migrating",
    "WALLET_STORAGE_PATH": "/srv/wallet files",
    "NETWORK": "base-testnet",
    "DATABASE_REPLICA_URL": "postgresql://app@replica.example/wallets",
    "DB_POOL_MIN": "2",
    "DB_POOL_MAX": "20",
    "DB_POOL_TIMEOUT": "0.5",
    "SLOW_QUERY_MS": "7",
    "TRUSTED_PROXY_HOPS": "1",
    "RATELIMIT_ENABLED": "false",
    "RATELIMIT_STORAGE_URI": "redis://cache.example:6379/1",
    "RATELIMIT_PER_IP": "7 per minute; 90 per hour",
    "RATELIMIT_PER_USER": "7 per minute",
    "RATELIMIT_WRITES_PER_USER": "7 per minute",
    "RATELIMIT_PER_CLIENT": "7 per minute",
    "LOG_LEVEL": "DEBUG",
    "LOG_FORMAT": "console",
    "PORT": "8001",
    "WEB_CONCURRENCY": "3",
    "WEB_THREADS": "16",
}  # fmt: skip
# By a Kubernetes secret, a file from Windows, a browser, an editor, `docker run --env-file`.
AROUND = (
    *("{}\n", "{}\r\n", "{}\r", " {}", "\t{} ", "\u00a0{}\u00a0", "\ufeff{}", "{}\u200b"),
    *("'{}'", '"{}"', " '{}' \n", '" {} "'),
)
BLANK = ("\n", "\r\n", " ", "\t", "\u00a0", "\ufeff", "''", '""', " '' \n")
# Taken as it is: another character is another key.
LITERAL = "ENCRYPTION_SECRET"


def shown(value):
    """Return settings in a form that can be compared: a Secret is equal to nothing."""
    if isinstance(value, Secret):
        return value.reveal()
    if isinstance(value, tuple):
        return [shown(item) for item in value]
    if is_dataclass(value):
        return {field.name: shown(getattr(value, field.name)) for field in fields(value)}
    return value


def outcome(**changes):
    """Return the settings, or their faults; ALLOW_SHORT_SECRET matters to a short secret only."""
    short = {LITERAL: "short"} if "ALLOW_SHORT_SECRET" in changes else {}
    try:
        return shown(settings(**short, **changes))
    except ConfigurationError as error:
        return list(map(str, error.faults))


def test_the_table_has_every_setting():
    class Recorder(dict):
        def get(self, name, default=None):
            asked.add(name)
            return default

    asked = set()
    with pytest.raises(ConfigurationError):
        Settings.from_environ(Recorder())
    assert asked == GOOD.keys()


@pytest.mark.parametrize("name", [name for name in GOOD if name != LITERAL])
def test_surrounding_characters_are_removed_from_a_value(name):
    expected = outcome(**{name: GOOD[name]})
    assert isinstance(expected, dict)
    if name not in REQUIRED:
        assert expected != outcome(**{name: ""})
    for around in AROUND:
        # In JSON the quotes would be ambiguous: "["an older secret"]".
        if not (name == "ENCRYPTION_SECRET_PREVIOUS" and '"' in around):
            assert outcome(**{name: around.format(GOOD[name])}) == expected, repr(around)


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("blank", BLANK)
def test_a_blank_variable_counts_as_unset(name, blank):
    if name in REQUIRED:
        assert faults(**{name: blank}) == [f"{name} is not set"]
    else:
        assert outcome(**{name: blank}) == outcome(**{name: ""})


@pytest.mark.parametrize("around", AROUND)
def test_commands_read_the_same_values(around):
    environ = {
        name: value if name.startswith(LITERAL) else around.format(value)
        for name, value in GOOD.items()
    }
    assert read_database_url(environ).reveal() == GOOD["DATABASE_URL"]
    assert read_token_settings(environ).secret.reveal() == GOOD["JWT_SECRET"]
    assert shown(read_wallet_settings(environ)) == shown(read_wallet_settings(GOOD))


@pytest.mark.parametrize(
    "value",
    ["a'b", "'a", "a'", "'", '"', "'a\"", "'a', 'b'", '"a","b"', "it's", "a b", "a\nb", "\\n"],
)
def test_characters_inside_a_value_are_kept(value):
    assert trim(value) == value


@pytest.mark.parametrize("around", AROUND)
def test_the_encryption_secret_is_taken_as_it_is_with_a_warning(around):
    """A deployment may have encrypted its wallets under it, and the old service its files."""
    given = around.format(GOOD[LITERAL])
    kept = settings(**{LITERAL: given})
    assert kept.wallets.encryption_secret.reveal() == given
    (warning,) = kept.warnings
    assert str(warning) == (
        "ENCRYPTION_SECRET has white space or quotes around it, which are part of it"
    )
    previous = settings(ENCRYPTION_SECRET_PREVIOUS='["an older secret\\n"]')
    assert previous.wallets.encryption_secret_previous[0].reveal() == "an older secret\n"
    assert previous.warnings == ()


@pytest.mark.parametrize("around", ["{}\n", "'{}'"])
def test_one_secret_for_both_purposes_is_refused_however_it_was_copied(around):
    (fault,) = faults(JWT_SECRET=OTHER_SECRET, ENCRYPTION_SECRET=around.format(OTHER_SECRET))
    assert fault == "JWT_SECRET must differ from every ENCRYPTION_SECRET"


@pytest.mark.parametrize("name", ["JWT_SECRET", "METRICS_TOKEN"])
def test_white_space_does_not_make_a_secret_long_enough(name):
    assert faults(**{name: "s" * 31 + "\n"}) == [
        f"{name} has 31 characters; at least 32 are needed"
    ]


@pytest.mark.parametrize("name", ["ALLOW_KEY_EXPORT", "RATELIMIT_ENABLED", "ALLOW_SHORT_SECRET"])
def test_the_usual_words_for_yes_and_no_are_accepted(name):
    yes, no = outcome(**{name: "true"}), outcome(**{name: "false"})
    assert yes != no
    for word in ("TRUE", "True", "1", "yes", "YES", "on", "On", "true\n"):
        assert outcome(**{name: word}) == yes, word
    for word in ("FALSE", "False", "0", "no", "NO", "off", "Off", "'false'"):
        assert outcome(**{name: word}) == no, word
    for word in (
        "y",
        "n",
        "t",
        "2",
        "-1",
        "enabled",
        "truefalse",
        "true false",
        "tru\u212a",
        "wahr",
    ):
        assert faults(**{name: word}) == [f"{name} must be true or false"], word


@pytest.mark.parametrize(
    ("name", "given"),
    [
        *(("NETWORK", text) for text in ("Base-Testnet", "BASE-TESTNET")),
        *(("WALLET_STORAGE", text) for text in ("Migrating", "MIGRATING")),
        *(("LOG_LEVEL", text) for text in ("debug", "Debug")),
        *(("LOG_FORMAT", text) for text in ("Console", "CONSOLE")),
    ],
)
def test_a_word_may_be_in_capitals(name, given):
    assert shown(settings(**{name: given})) == shown(settings(**{name: GOOD[name]}))


@pytest.mark.parametrize("token", ["t\u00f6ken" * 8, "a\ntoken" * 8, "\u212a" * 40, "a\ttoken" * 8])
def test_a_metrics_token_that_cannot_be_sent_in_a_header_is_refused(token):
    (fault,) = faults(METRICS_TOKEN=token)
    assert fault == "METRICS_TOKEN must be printable ASCII: it is sent in a header"


@pytest.mark.parametrize(
    "path",
    [
        *("~/wallets", "~old/wallets", "$HOME/wallets", "${DATA}/wallets", "/data/$X"),
        *("'/data/wallets", '/data/"wallets"', "/data\n/wallets", "file:///data/wallets"),
    ],
)
def test_a_path_with_an_unexpanded_variable_is_refused(path):
    """It names no folder, so that it would pass the guard against a forgotten WALLET_STORAGE."""
    (fault,) = faults(WALLET_STORAGE_PATH=path)
    assert fault.startswith("WALLET_STORAGE_PATH must be a plain path: ~ and $ are not expanded")


def test_the_page_documents_how_values_are_cleaned():
    page = " ".join(read("docs/configuration.md").split())
    for said in ("white space", "quotes", "`true`, `1`, `yes` and `on`", "`ENCRYPTION_SECRET` is"):
        assert said in page
