"""Copied values: surrounding characters are removed, and impossible values refused."""

from dataclasses import fields, is_dataclass

import pytest
from limits import parse_many

from tests.documentation.pages import read
from tests.factories import OTHER_SECRET
from tests.leaks import LEAKS
from wallet_api.config import (
    ConfigurationError,
    Settings,
    read_database_url,
    read_token_settings,
    read_wallet_settings,
)
from wallet_api.crypto.secret import Secret
from wallet_api.environment import trim

REQUIRED = {
    "DATABASE_URL": "postgresql://app:the-database-password@db.example/wallets",
    "ENCRYPTION_SECRET": "an encryption secret of enough characters",
    "JWT_SECRET": "a signing secret of quite enough characters",
}
METRICS_TOKEN = "a metrics token of quite enough characters"
LEAKS.secrets |= {METRICS_TOKEN}
# A value of every setting that is not its default.
GOOD = {
    **REQUIRED,
    "ENCRYPTION_SECRET_PREVIOUS": '["an older secret"]',
    "ALLOW_SHORT_SECRET": "true",
    "ALLOW_KEY_EXPORT": "true",
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


def settings(**changes):
    return Settings.from_environ({**REQUIRED, **changes})


def faults(**changes):
    with pytest.raises(ConfigurationError) as refusal:
        settings(**changes)
    return list(map(str, refusal.value.faults))


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
def test_what_is_around_a_value_is_no_part_of_it(name):
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
def test_what_is_inside_stays(value):
    assert trim(value) == value


@pytest.mark.parametrize("around", AROUND)
def test_the_encryption_secret_is_taken_as_it_is_with_a_warning(around):
    """A deployment may have sealed its wallets under it, the old service its files."""
    given = around.format(GOOD[LITERAL])
    kept = settings(**{LITERAL: given})
    assert kept.encryption_secret.reveal() == given
    (warning,) = kept.warnings
    assert str(warning) == (
        "ENCRYPTION_SECRET has white space or quotes around it, which are part of it"
    )
    previous = settings(ENCRYPTION_SECRET_PREVIOUS='["an older secret\\n"]')
    assert previous.encryption_secret_previous[0].reveal() == "an older secret\n"
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
def test_yes_and_no_have_the_words_that_people_use(name):
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


@pytest.mark.parametrize(
    ("given", "audience"),
    [
        ("App.Example.COM", "app.example.com"),
        ("https://app.example.com", "app.example.com"),
        ("HTTPS://App.Example.com/", "app.example.com"),
        ("http://localhost", "localhost"),
        ("app.example.com.", "app.example.com"),
        ("app.example.com/", "app.example.com"),
        ("my_app.example.com", "my_app.example.com"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("127.0.0.1", "127.0.0.1"),
    ],
)
def test_an_audience_becomes_the_host_name_that_tokens_have(given, audience):
    assert settings(QUICK_AUTH_AUDIENCE=given).quick_auth_audience == (audience,)
    both = f'"{given}", b.io'
    assert settings(QUICK_AUTH_AUDIENCE=both).quick_auth_audience == (audience, "b.io")


@pytest.mark.parametrize(
    "given",
    [
        *("app.example.com:443", "https://app.example.com:443", "localhost:3000", "*"),
        *("*.example.com", "app.example.com;b.io", "app.example.com b.io", "app.example.com|b.io"),
        *("app.example.com/mini", "https://app.example.com/mini", "app.example.com?x", "a#b"),
        *("user@app.example.com", "app..example.com", ".example.com", "-a.example", "a-.example"),
        *("[::1]", "ftp://app.example.com", "b\u00fccher.example", "\u212a.example", "'a.io", 'a"'),
        *('["app.example.com"]', "app.example.com,*", "https://", "//app.example.com", "a" * 64),
    ],
)
def test_an_audience_that_no_token_can_have_is_refused(given):
    (fault,) = faults(QUICK_AUTH_AUDIENCE=given)
    assert fault.startswith("QUICK_AUTH_AUDIENCE must be bare host names such as app.example.com")
    (fault,) = faults(QUICK_AUTH_AUDIENCE=f"good.example,{given}")
    assert fault.startswith("QUICK_AUTH_AUDIENCE must be bare host names")


@pytest.mark.parametrize(
    ("given", "issuer"),
    [
        ("https://auth.farcaster.xyz/", "https://auth.farcaster.xyz"),
        ("HTTPS://Auth.Farcaster.xyz//", "https://auth.farcaster.xyz"),
        ("https://auth.farcaster.xyz:443/", "https://auth.farcaster.xyz"),
        ("http://127.0.0.1:9/Tenant/", "http://127.0.0.1:9/Tenant"),
        ("http://[::1]:9", "http://[::1]:9"),
        ("https://auth.farcaster.xyz:0443/", "https://auth.farcaster.xyz"),
        ("http://a.io:08080", "http://a.io:8080"),
        ("http://[0:0:0:0:0:0:0:1]:9/x", "http://[::1]:9/x"),
    ],
)
def test_an_issuer_becomes_what_its_tokens_name(given, issuer):
    kept = settings(QUICK_AUTH_ISSUER=given)
    assert kept.quick_auth_issuer == issuer
    assert kept.quick_auth_jwks_url == f"{issuer}/.well-known/jwks.json"


@pytest.mark.parametrize("name", ["QUICK_AUTH_ISSUER", "QUICK_AUTH_JWKS_URL"])
@pytest.mark.parametrize(
    "given",
    [
        *("auth.farcaster.xyz", "//auth.farcaster.xyz", "https://", "https:///keys", "ftp://a.io"),
        *("https://user:password@a.io", "https://a.io https://b.io", "https://a.io,https://b.io"),
        *(
            "https://a.io:x",
            "https://a.io:",
            "https://*.a.io",
            "https://b\u00fccher.example",
            "https:a",
        ),
        *(
            *("https://a.io:0", "https://a.io:99999", "https://a.io:65536/x", "https://[::g]"),
            *("https://[1.2.3.4]", "https://[1::2::3]", "https://a.io:000443"),
            "https://a.io/\u00e9",
            "https://[::1",
            "javascript:alert(1)",
            "'https://a.io",
            "https://a..b",
        ),
    ],
)
def test_a_url_that_is_none_is_one_fault(name, given):
    (fault,) = faults(**{name: given})
    assert fault == f"{name} must be an http(s) URL"


@pytest.mark.parametrize("given", ["https://a.io/?x=1", "https://a.io/#x"])
def test_an_issuer_has_no_query(given):
    assert faults(QUICK_AUTH_ISSUER=given) == ["QUICK_AUTH_ISSUER must be a URL without ? and #"]


@pytest.mark.parametrize(
    ("given", "origin"),
    [
        ("https://App.Example.com", "https://app.example.com"),
        ("HTTPS://app.example.com/", "https://app.example.com"),
        ("https://app.example.com:443", "https://app.example.com"),
        ("http://app.example.com:80/", "http://app.example.com"),
        ("https://app.example.com:80", "https://app.example.com:80"),
        ("http://LOCALHOST:3000", "http://localhost:3000"),
        ("https://[2001:DB8::1]:8443", "https://[2001:db8::1]:8443"),
        ("https://a.com:0443", "https://a.com"),
        ("http://a.com:00080", "http://a.com"),
        ("https://a.com:08443", "https://a.com:8443"),
        ("http://[0:0:0:0:0:0:0:1]:3000", "http://[::1]:3000"),
        ("https://[2001:0db8:0:0::0001]", "https://[2001:db8::1]"),
        ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
    ],
)
def test_an_origin_becomes_what_browsers_send(given, origin):
    assert settings(CORS_ORIGINS=given).cors_origins == (origin,)
    assert settings(CORS_ORIGINS=f"'{given}' , http://b.io").cors_origins == (origin, "http://b.io")


@pytest.mark.parametrize(
    "given",
    [
        *("https://a.com:99999", "https://a.com:65536", "https://a.com:0", "https://a.com:00000"),
        *("https://[1.2.3.4]", "https://[::g]", "https://[1::2::3]", "https://[:::1]"),
        *("https://[::ffff:1.2.3.4]", "http://127.1", "http://127.0.0.01", "http://1.2.3.256"),
    ],
)
def test_an_origin_that_no_browser_sends_is_refused(given):
    (fault,) = faults(CORS_ORIGINS=f"https://good.example,{given}")
    assert fault.startswith("CORS_ORIGINS must be origins such as https://app.example.com")


@pytest.mark.parametrize(
    ("name", "low"),
    [("TRUSTED_PROXY_HOPS", 0), ("WEB_THREADS", 1), ("PORT", 1), ("JWT_TTL_SECONDS", 60)],
)
@pytest.mark.parametrize("text", ["1_0", "+1", "1 0", "\u0661", "0x1", "1.0", "1e1", "-0"])
def test_a_whole_number_has_digits_only(name, low, text):
    (fault,) = faults(**{name: text})
    assert fault.startswith(f"{name} must be a whole number from {low} to ")


def test_a_whole_number_is_not_rounded():
    assert settings(DEMO_FID=str(2**63 - 1)).demo_fid == 2**63 - 1
    for text in (str(2**63), "9" * 5000):
        (fault,) = faults(DEMO_FID=text)
        assert fault.startswith("DEMO_FID must be a whole number")


def test_a_number_below_its_range_is_refused():
    settings(JWT_TTL_SECONDS="60")
    (fault,) = faults(JWT_TTL_SECONDS="59")
    assert fault.startswith("JWT_TTL_SECONDS must be a whole number from 60 to ")


@pytest.mark.parametrize("name", ["DB_POOL_TIMEOUT", "SLOW_QUERY_MS"])
@pytest.mark.parametrize("text", ["1_0", "+1", "\u0661", "1e1", "1.", ".", "nan", "inf", "-0"])
def test_a_number_has_digits_and_a_point_only(name, text):
    (fault,) = faults(**{name: text})
    assert fault.startswith(f"{name} must be a number from ")


@pytest.mark.parametrize("text", ["7/minute", "7 Per Minute", "7 per 1 minute"])
def test_a_limit_may_be_written_in_its_usual_ways(text):
    assert settings(RATELIMIT_PER_IP=text).ratelimits["ip"] == parse_many("7 per minute")


@pytest.mark.parametrize("token", ["t\u00f6ken" * 8, "a\ntoken" * 8, "\u212a" * 40, "a\ttoken" * 8])
def test_a_metrics_token_that_no_header_can_carry_is_refused(token):
    (fault,) = faults(METRICS_TOKEN=token)
    assert fault == "METRICS_TOKEN must be printable ASCII: it is sent in a header"


@pytest.mark.parametrize(
    "path",
    [
        *("~/wallets", "~old/wallets", "$HOME/wallets", "${DATA}/wallets", "/data/$X"),
        *("'/data/wallets", '/data/"wallets"', "/data\n/wallets", "file:///data/wallets"),
    ],
)
def test_a_path_that_a_shell_did_not_read_is_refused(path):
    """It names no folder, so that it would pass the guard against a forgotten WALLET_STORAGE."""
    (fault,) = faults(WALLET_STORAGE_PATH=path)
    assert fault.startswith("WALLET_STORAGE_PATH must be a plain path: ~ and $ are not expanded")


def test_the_page_says_what_is_done_with_a_value():
    page = " ".join(read("docs/configuration.md").split())
    for said in ("white space", "quotes", "`true`, `1`, `yes` and `on`", "`ENCRYPTION_SECRET` is"):
        assert said in page
