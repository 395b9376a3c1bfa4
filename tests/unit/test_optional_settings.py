"""Optional settings: their values, and the errors for invalid ones."""

import pytest
from limits import parse_many

from tests.leaks import LEAKS
from wallet_api.app import create_app
from wallet_api.config import ConfigurationError, Settings

REQUIRED = {
    "DATABASE_URL": "postgresql://app:the-database-password@db.example/wallets",
    "ENCRYPTION_SECRET": "an encryption secret of enough characters",
    "JWT_SECRET": "a signing secret of quite enough characters",
}
TOKEN = "a metrics token of quite enough characters"
HIDDEN = "hunter2-hunter2"
LEAKS.secrets |= {TOKEN, HIDDEN}
NEW = (
    *("DATABASE_REPLICA_URL", "TRUSTED_PROXY_HOPS", "RATELIMIT_ENABLED", "RATELIMIT_STORAGE_URI"),
    *("RATELIMIT_PER_IP", "RATELIMIT_PER_USER", "RATELIMIT_PER_CLIENT"),
    "RATELIMIT_WRITES_PER_USER",
    *("METRICS_TOKEN", "SLOW_QUERY_MS"),
)


def settings(**changes):
    return Settings.from_environ({**REQUIRED, **changes})


def fault(**changes):
    with pytest.raises(ConfigurationError) as refusal:
        settings(**changes)
    (only,) = refusal.value.faults
    assert HIDDEN not in str(refusal.value)
    return str(only)


@pytest.mark.parametrize("environ", [{}, dict.fromkeys(NEW, "")], ids=["absent", "empty"])
def test_no_optional_setting_is_required(environ):
    kept = settings(**environ)
    assert kept.database_replica_url is None
    assert kept.trusted_proxy_hops == 0
    assert kept.ratelimit_storage_uri.reveal() == "memory://"
    assert kept.ratelimits == {
        "ip": parse_many("12000 per minute"),
        "user": parse_many("1500 per minute"),
        "writes": parse_many("1500 per hour"),
        "client": parse_many("6000 per minute"),
    }
    assert kept.metrics_token is None
    assert kept.slow_query_seconds == 0.5


@pytest.mark.parametrize(
    ("name", "field", "text", "value"),
    [
        ("TRUSTED_PROXY_HOPS", "trusted_proxy_hops", "0", 0),
        ("TRUSTED_PROXY_HOPS", "trusted_proxy_hops", "10", 10),
        ("SLOW_QUERY_MS", "slow_query_seconds", "0", 0),
        ("SLOW_QUERY_MS", "slow_query_seconds", "0.5", 0.0005),
        ("SLOW_QUERY_MS", "slow_query_seconds", "60000", 60),
    ],
)
def test_a_good_value_is_kept(name, field, text, value):
    assert getattr(settings(**{name: text}), field) == value


@pytest.mark.parametrize("per", ["ip", "user", "client"])
@pytest.mark.parametrize(
    "text", ["1 per second", "100/minute;2000/hour", "5 per 10 seconds; 9 per day"]
)
def test_good_limits_are_kept_unless_they_are_switched_off(per, text):
    name = f"RATELIMIT_PER_{per.upper()}"
    kept = settings(**{name: text, "RATELIMIT_ENABLED": "true"})
    assert kept.ratelimits[per] == parse_many(text)
    assert settings(**{name: text, "RATELIMIT_ENABLED": "false"}).ratelimits == {}


@pytest.mark.parametrize(
    ("name", "field", "text"),
    [
        ("DATABASE_REPLICA_URL", "database_replica_url", "postgresql://app:pw@replica/wallets"),
        ("DATABASE_REPLICA_URL", "database_replica_url", "postgres://a,b:5433/app"),
        ("RATELIMIT_STORAGE_URI", "ratelimit_storage_uri", "memory://"),
        ("RATELIMIT_STORAGE_URI", "ratelimit_storage_uri", f"redis://:{HIDDEN}@cache:6379/1"),
        ("RATELIMIT_STORAGE_URI", "ratelimit_storage_uri", f"rediss://u:{HIDDEN}@cache:6380"),
        ("METRICS_TOKEN", "metrics_token", TOKEN),
        ("METRICS_TOKEN", "metrics_token", "t" * 32),
    ],
)
def test_a_good_secret_is_kept_and_not_shown(name, field, text):
    kept = settings(**{name: text})
    assert getattr(kept, field).reveal() == text
    if text != "memory://":
        assert text not in repr(kept)
    assert HIDDEN not in repr(kept)


WRONG = {
    "DATABASE_REPLICA_URL": [
        f"mysql://app:{HIDDEN}@db/app",
        f"host=db password={HIDDEN}",
        f"postgresql://app:100%zz-{HIDDEN}@db/app",
        f"postgresql://app@db/app?password={HIDDEN}&{HIDDEN}=1",
    ],
    "TRUSTED_PROXY_HOPS": ["-1", "11", "1.5", "one", HIDDEN],
    "RATELIMIT_ENABLED": ["2", "y", "disabled", HIDDEN],
    "RATELIMIT_STORAGE_URI": [
        "memory",
        f"memcached://{HIDDEN}",
        f"http://:{HIDDEN}@cache",
        f"REDIS://:{HIDDEN}@cache",
        f":{HIDDEN}@cache",
    ],
    "RATELIMIT_PER_IP": [
        "100",
        "many",
        "100 per fortnight",
        "per minute",
        "-1 per minute",
        "0 per minute",
        HIDDEN,
    ],
    "RATELIMIT_PER_USER": [
        "1.5 per minute",
        "0 per minute",
        "100 per minute and 7 per hour",
        "minute",
    ],
    "RATELIMIT_WRITES_PER_USER": ["600", "0 per hour"],
    "RATELIMIT_PER_CLIENT": ["100 minute", "unlimited", "none"],
    "METRICS_TOKEN": ["short", HIDDEN, "t" * 31],
    "SLOW_QUERY_MS": ["-1", "60001", "nan", "inf", "500ms", "slow", HIDDEN],
}


@pytest.mark.parametrize(
    ("name", "text"), [(name, text) for name in WRONG for text in WRONG[name]], ids=lambda s: s[:25]
)
def test_a_wrong_value_is_one_fault_that_names_the_variable_and_quotes_nothing(name, text):
    assert fault(**{name: text}).startswith(f"{name} ")


def test_a_short_metrics_token_is_refused_even_where_short_secrets_are_allowed():
    said = fault(METRICS_TOKEN="t" * 31, ALLOW_SHORT_SECRET="true")
    assert said == "METRICS_TOKEN has 31 characters; at least 32 are needed"


def test_a_metrics_token_that_is_not_utf_8_is_a_fault():
    said = fault(METRICS_TOKEN=b"\xff".decode(errors="surrogateescape") * 32)
    assert said == "METRICS_TOKEN must be printable ASCII: it is sent in a header"


def test_all_wrong_settings_are_reported_together():
    with pytest.raises(ConfigurationError) as refusal:
        settings(**{name: texts[-1] for name, texts in WRONG.items()})
    assert sorted(fault.variable for fault in refusal.value.faults) == sorted(WRONG)


@pytest.mark.parametrize(
    "uri",
    [
        f"redis://:{HIDDEN}@cache:port",
        f"redis://:{HIDDEN}/unquoted@cache:6379",
        f"redis://:{HIDDEN}@[cache:6379",
        f"redis://:{HIDDEN}@cache:99999",
        f"redis://:{HIDDEN}@cache:6379/0?socket_timeout={HIDDEN}",
    ],
)
def test_a_redis_url_that_cannot_be_read_is_a_fault_that_quotes_nothing(uri):
    """What reads it at the start would quote the part that it cannot read: the password, maybe."""
    assert fault(RATELIMIT_STORAGE_URI=uri).startswith("RATELIMIT_STORAGE_URI must be")


def test_a_service_starts_with_an_unreachable_redis():
    app = create_app(settings(RATELIMIT_STORAGE_URI=f"redis://:{HIDDEN}@127.0.0.1:1/0"))
    assert app.test_client().get("/openapi.json").status_code == 200


@pytest.mark.parametrize(
    "origin",
    [
        *("*", "null", "https://*.example.com", "https://app.example.com/app", "app.example.com"),
        *("https://.*", "https://app.example.com//", "https://a.example https://b.example"),
        *("https://user@app.example.com", "ftp://app.example.com", "https://app.example.com:x"),
    ],
)
def test_an_origin_is_exact_and_not_a_pattern(origin):
    """flask-cors would take a pattern for one, and let every other host in that it occurs in."""
    assert fault(CORS_ORIGINS=f"https://good.example,{origin}").startswith("CORS_ORIGINS must be")


@pytest.mark.parametrize(
    "origin", ["http://localhost:3000", "https://app.example.com", "https://[::1]:8443"]
)
def test_an_origin_has_a_scheme_a_host_and_perhaps_a_port(origin):
    assert settings(CORS_ORIGINS=origin).cors_origins == (origin,)
