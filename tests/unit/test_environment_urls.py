"""URLs, origins and numbers in the environment: usual forms are accepted, others refused."""

import pytest
from limits import parse_many

from tests.unit.environment import faults, settings


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
def test_an_issuer_becomes_the_iss_of_its_tokens(given, issuer):
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
def test_a_malformed_url_is_one_fault(name, given):
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
