"""GET /v1/audit: who read which key from where, in every combination of filters."""

import json
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from itertools import product
from urllib.parse import urlencode

import pytest

from tests.database import FOREIGN_DETAILS, plant, scans
from tests.factories import ACCESS, FID, calling, signed_in
from tests.http.audit_entries import ACTORS, AUDIT, FIRST, KEY, KINDS, fill, model, pages
from tests.http.problems import refused
from tests.leaks import LEAKS
from tests.sql.queries import FILL
from wallet_api.blueprints.application import application
from wallet_api.models import AUDIT_ACTIONS, SCOPES
from wallet_api.request_ids import new_request_id


@pytest.fixture(scope="module")
def written(untouched):
    """Fill the file's database and return the model of it."""
    fill(untouched.sql)
    return model(untouched.sql)


@pytest.fixture(scope="module")
def auditor(refusing_app, written):
    """Return the header of a client that may read the audit log of the file's database."""
    return calling(refusing_app, "audit:read")


def test_every_combination_of_filters_returns_what_a_model_returns(refusing, auditor, written):
    values = {
        "fid": (None, 1, 2**63 - 1),
        "action": (None, *KINDS[:2]),
        "actor": (None, *ACTORS[:2]),
        "after": (None, FIRST + timedelta(microseconds=1)),
        "before": (None, FIRST + timedelta(microseconds=2)),
    }
    answered = set()
    for chosen in product(*values.values()):
        query = {name: value for name, value in zip(values, chosen, strict=True) if value}
        fid, action, actor, after, before = chosen
        parameters = urlencode(
            {n: v.isoformat() if isinstance(v, datetime) else v for n, v in query.items()}
        )
        wanted = [
            entry
            for moment, entry in written
            if fid in (None, entry["fid"])
            if action in (None, entry["action"])
            if actor in (None, entry["actor"])
            if after is None or moment >= after
            if before is None or moment < before
        ]
        answer = refusing.get(f"{AUDIT}?limit=100&{parameters}", headers=auditor)
        page = {"data": wanted, "next_cursor": None, "has_more": False}
        assert answer.get_json() == page, query
        if wanted:
            answered.add(frozenset(query))
    assert len(answered) == 2**5


def test_several_actions_find_the_entries_of_each_once(refusing, auditor, written):
    several = KINDS[:2]
    assert len(several) == 2
    for asked in (",".join(several), ",".join([*reversed(several), *several])):
        wanted = [entry for _, entry in written if entry["action"] in several]
        answer = refusing.get(f"{AUDIT}?limit=100&action={asked}", headers=auditor)
        assert answer.get_json()["data"] == wanted
        mine = [entry for entry in wanted if entry["fid"] == 1]
        answer = refusing.get(f"{AUDIT}?limit=100&fid=1&action={asked}", headers=auditor)
        assert answer.get_json()["data"] == mine


QUERIES = [
    {},
    {"action": "key.read"},
    {"action": "key.refused,key.read"},
    {"actor": "client:engine"},
    {"actor": "user:1", "action": "key.refused"},
    {"fid": "1"},
    {"fid": "1", "actor": "cli:root"},
    {"after": "2025-03-02", "before": "2025-03-03"},
]


@pytest.mark.slow
@pytest.mark.parametrize("query", QUERIES, ids=urlencode)
def test_pages_of_any_size_show_each_entry_once_in_order(refusing, auditor, written, query):
    (whole,) = pages(refusing, auditor, {**query, "limit": 100})
    assert len(whole) > 7
    for limit in (*range(1, 8), len(whole) - 1, len(whole)):
        shown = list(pages(refusing, auditor, {**query, "limit": limit}))
        assert [entry for page in shown for entry in page] == whole
        assert [len(page) for page in shown[:-1]] == [limit] * (len(shown) - 1)
        assert len(shown) == -(-len(whole) // limit)


def test_a_page_has_fifty_entries_by_default(refusing, auditor, written):
    assert [len(page) for page in pages(refusing, auditor, {})] == [50, 22]


def test_entries_appended_between_pages_shift_no_page(client, app, services, sql):
    services.wallets.ensure_trading_wallet(FID, access=ACCESS)
    fill(sql)
    auditor = calling(app, "audit:read")

    def refuse_one():
        assert refused(client.get(KEY, headers=signed_in()), 403)

    for limit in (5, 7, 36):
        wanted = [entry for _, entry in model(sql)]
        shown = pages(client, auditor, {"limit": limit}, between=refuse_one)
        assert [entry for page in shown for entry in page] == wanted


@pytest.mark.parametrize(
    "query",
    [
        *("limit=0", "limit=101", "limit=x", "fid=00", "fid=abc", "fid=9223372036854775808"),
        *("action=", "action=read", "action=key.READ", "action=key.read&action=key.read"),
        *("action=key.read,", "action=key.read,read", "action=key.read%2C%20key.refused"),
        *("actor=", f"actor={'x' * 201}", "actor=%00", "actor=a%0Ab", "actor=%20"),
        *("after=2025-03-01T00:00", "before=2025-13-01", "after=0001-01-01", "before=9999-12-31"),
        *(
            "after=2025-03-01T00:00%2B0100",
            "unknown=1",
            "createdAfter=2025-03-01",
            "chain=ethereum",
        ),
    ],
    ids=lambda query: query[:30],
)
def test_an_ambiguous_parameter_is_refused(refusing, auditor, query):
    answer = refusing.get(f"{AUDIT}?{query}", headers=auditor)
    assert refused(answer, 400)["code"] == "invalid_request"


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("fid=x", f'"fid": must be a whole number from 0 to {2**63 - 1}.'),
        ("fid=-1", f'"fid": must be a whole number from 0 to {2**63 - 1}.'),
        ("after=2025-03-02&before=2025-03-01", '"after": must be earlier than "before".'),
        ("after=2025-03-02&before=2025-03-02", '"after": must be earlier than "before".'),
        (
            "after=2025-03-02T02:00Z&before=2025-03-02T02:30%2B01:00",
            '"after": must be earlier than "before".',
        ),
    ],
)
def test_the_error_of_a_filter_says_what_it_must_be(refusing, auditor, query, sentence):
    problem = refused(refusing.get(f"{AUDIT}?{query}", headers=auditor), 400, sentence)
    assert problem["code"] == "invalid_request"


def test_a_range_that_begins_after_a_request_finds_nothing_of_it(refusing, auditor, written):
    """The service derives the end of the range from the id: the caller made no mistake."""
    query = f"request_id={new_request_id()}&after=8000-01-01"
    answer = refusing.get(f"{AUDIT}?{query}", headers=auditor)
    assert answer.get_json()["data"] == []


@pytest.mark.parametrize(
    ("of_a_proxy", "sentence"),
    [
        ("a-proxy", '"request_id" was not made by this service, so it does not contain its time.'),
        (None, 'Send "request_id" without "after" and "before", or add "fid"'),
    ],
)
def test_a_range_that_is_too_long_for_a_request_is_refused(refusing, auditor, of_a_proxy, sentence):
    query = f"request_id={of_a_proxy or new_request_id()}&after=2026-01-01&before=2026-12-01"
    problem = refused(refusing.get(f"{AUDIT}?{query}", headers=auditor), 400)
    assert problem["code"] == "invalid_filter"
    assert problem["detail"].startswith(sentence)


def test_a_cursor_belongs_to_its_filters(refusing, auditor, written):
    cursor = refusing.get(f"{AUDIT}?limit=3&fid=1", headers=auditor).get_json()["next_cursor"]
    for query in ("", "fid=2", "fid=01", "fid=1&actor=user:1"):
        answer = refusing.get(f"{AUDIT}?limit=3&{query}&cursor={cursor}", headers=auditor)
        assert refused(answer, 400)["code"] == "invalid_cursor"
    for changed in (cursor[:-1], cursor[1:], "x", ""):
        answer = refusing.get(f"{AUDIT}?limit=3&fid=1&cursor={changed}", headers=auditor)
        assert refused(answer, 400)["code"] == "invalid_cursor"


def test_the_scope_audit_read_is_required_for_the_audit_log(client, app):
    others = calling(app, *(set(SCOPES) - {"audit:read"}))
    assert refused(client.get(AUDIT, headers=others), 403)["code"] == "insufficient_scope"
    assert client.get(AUDIT, headers=calling(app, "audit:read")).get_json()["data"] == []


def key_is_read(client, *, remote="198.51.100.1", forwarded=None):
    """Read a user's own key from `remote`, with a header that may be forged."""
    environ = {"REMOTE_ADDR": remote}
    if forwarded is not None:
        environ["HTTP_X_FORWARDED_FOR"] = forwarded
    answer = client.get(KEY, headers=signed_in(), environ_overrides=environ)
    assert answer.status_code == 200
    LEAKS.secrets.add(answer.get_json()["wallet"]["privateKey"][2:])


def test_a_user_s_own_key_read_records_actor_address_and_request(make_app, sql):
    app = make_app(ALLOW_KEY_EXPORT="true")
    application(app).wallets.ensure_trading_wallet(FID, access=ACCESS)
    client, auditor = app.test_client(), calling(app, "audit:read")
    headers = signed_in() | {"X-Request-Id": "asked-1"}
    answer = client.get(KEY, headers=headers, environ_overrides={"REMOTE_ADDR": "203.0.113.7"})
    LEAKS.secrets.add(answer.get_json()["wallet"]["privateKey"][2:])
    answer = client.get(AUDIT, headers=auditor)
    assert answer.headers["Cache-Control"] == "no-store"
    entry, made = answer.get_json()["data"]
    assert (made["action"], made["actor"]) == ("wallet.created", ACCESS.actor)
    assert made["address"] == application(app).wallets.get_wallet_address(
        FID, "ethereum", access=ACCESS
    )
    age = datetime.now(UTC) - datetime.fromisoformat(entry.pop("createdAt"))
    assert -1 < age.total_seconds() < 60
    # The second entry of the user's chain.
    assert entry.pop("id") == "2"
    assert entry == {
        "fid": FID,
        "chain": "ethereum",
        "action": "key.read",
        "actor": f"user:{FID}",
        "ip": "203.0.113.7",
        "reason": None,
        "recipientPublicKey": None,
        "address": None,
        "details": None,
        "requestId": "asked-1",
    }


@pytest.mark.parametrize("details", FOREIGN_DETAILS, ids=lambda text: text[:20])
def test_an_entry_that_the_service_did_not_write_is_shown(client, app, sql, details):
    application(app).wallets.ensure_trading_wallet(FID, access=ACCESS)
    plant(sql, "update wallet_audit_log set details = %s", [details])
    answer = client.get(AUDIT, headers=calling(app, "audit:read"))
    assert answer.status_code == 200
    assert "Infinity" not in answer.text
    newest, *_ = (entry for entry in answer.get_json()["data"] if entry["fid"] == FID)
    try:
        expected = json.loads(details)
    except ValueError:
        expected = None
    readable = isinstance(expected, dict) and "1e999" not in details and "[[[" not in details
    assert newest["details"] == (expected if readable else {"unreadable": details})


# TRUSTED_PROXY_HOPS → (who connects, X-Forwarded-For, whose address is written down).
SEEN = {
    0: [
        ("198.51.100.1", None, "198.51.100.1"),
        ("198.51.100.1", "203.0.113.7", "198.51.100.1"),
        ("198.51.100.1", "garbage, 203.0.113.7", "198.51.100.1"),
        ("::ffff:198.51.100.1", None, "198.51.100.1"),
        ("2001:db8::1", None, "2001:db8::1"),
        ("fe80::1%eth0", None, "fe80::1"),
        ("198.51.100.1:4711", None, "198.51.100.1"),
        ("[2001:db8::1]:4711", None, "2001:db8::1"),
        ("[2001:db8::1]", None, "2001:db8::1"),
        ("198.51.100.1%eth0", None, None),
        # A UNIX socket has no address.
        ("", None, None),
    ],
    1: [
        ("10.0.0.1", "203.0.113.7", "203.0.113.7"),
        ("10.0.0.1", "192.0.2.66, 203.0.113.7", "203.0.113.7"),
        ("10.0.0.1", "192.0.2.66,192.0.2.67 , 203.0.113.7 ", "203.0.113.7"),
        ("10.0.0.1", "127.0.0.1, garbage, 2001:DB8:0::7", "2001:db8::7"),
        ("10.0.0.1", "192.0.2.66, ::ffff:203.0.113.7", "203.0.113.7"),
        ("10.0.0.1", "203.0.113.7, garbage", None),
        ("10.0.0.1", "203.0.113.7:443", "203.0.113.7"),
        ("10.0.0.1", "203.0.113.7, 203.0.113.07", None),
        ("10.0.0.1", "203.0.113.7, 1", None),
        ("10.0.0.1", "203.0.113.7, 203.0.113.0/24", None),
        ("10.0.0.1", "203.0.113.7, '; drop table wallets; --", None),
        ("10.0.0.1", "x" * 5000, None),
        ("10.0.0.1", "fe80::1%eth0", "fe80::1"),
        ("10.0.0.1", "203.0.113.7%eth0", None),
        ("10.0.0.1", "203.0.113.7, unknown", None),
        ("10.0.0.1", "203.0.113.7, _hidden", None),
        ("10.0.0.1", "for=203.0.113.7", None),
        # A quotation mark of the client's does not swallow the proxy's entry.
        ("10.0.0.1", '"192.0.2.66, 203.0.113.7', "203.0.113.7"),
        ("10.0.0.1", '192.0.2.66, "203.0.113.7"', None),
        # The request bypassed the proxy, or the proxy adds nothing.
        ("10.0.0.1", None, None),
        ("127.0.0.1", None, None),
        ("10.0.0.1", "", None),
        ("10.0.0.1", " ", None),
        ("10.0.0.1", ",", None),
        ("10.0.0.1", "203.0.113.7,", None),
    ],
    2: [
        ("10.0.0.1", "203.0.113.7, 10.0.0.2", "203.0.113.7"),
        ("10.0.0.1", "192.0.2.66, 203.0.113.7, 10.0.0.2", "203.0.113.7"),
        ("10.0.0.1", "192.0.2.66, garbage, 10.0.0.2", None),
        ("10.0.0.1", '192.0.2.66, ", 203.0.113.7, 10.0.0.2', "203.0.113.7"),
        ("10.0.0.1", ", 10.0.0.2", None),
        # The outer proxy is known by the inner one's socket only: nginx writes "unix:".
        ("10.0.0.1", "203.0.113.7, unix:", "203.0.113.7"),
        # The request bypassed the outer proxy: the only entry may be the client's own words.
        ("10.0.0.1", "192.0.2.66", None),
        ("10.0.0.1", None, None),
    ],
}


@pytest.mark.parametrize("hops", SEEN)
def test_the_recorded_address_is_the_one_that_the_trusted_proxies_saw(make_app, sql, hops):
    app = make_app(ALLOW_KEY_EXPORT="true", TRUSTED_PROXY_HOPS=str(hops))
    application(app).wallets.ensure_trading_wallet(FID, access=ACCESS)
    client, auditor = app.test_client(), calling(app, "audit:read")
    for remote, forwarded, _ in SEEN[hops]:
        key_is_read(client, remote=remote, forwarded=forwarded)
    rows = sql.execute(
        "select ip from wallet_audit_log where action = 'key.read' order by id"
    ).fetchall()
    assert [row[0] for row in rows] == [ip and ip_address(ip) for *_, ip in SEEN[hops]]
    answer = client.get(f"{AUDIT}?limit=100&action=key.read", headers=auditor)
    shown = answer.get_json()["data"]
    assert [entry["ip"] for entry in reversed(shown)] == [ip for *_, ip in SEEN[hops]]


def test_the_last_of_several_headers_counts_behind_a_proxy(make_app, sql):
    app = make_app(ALLOW_KEY_EXPORT="true", TRUSTED_PROXY_HOPS="1")
    application(app).wallets.ensure_trading_wallet(FID, access=ACCESS)
    headers = [
        *signed_in().items(),
        # gunicorn joins them so.
        ("X-Forwarded-For", "192.0.2.66,203.0.113.7"),
        ("X-Real-IP", "192.0.2.67"),
        ("Forwarded", "for=192.0.2.68"),
        ("X-Forwarded-Host", "192.0.2.69"),
    ]
    answer = app.test_client().get(KEY, headers=headers)
    LEAKS.secrets.add(answer.get_json()["wallet"]["privateKey"][2:])
    seen = sql.execute("select host(ip) from wallet_audit_log where action = 'key.read'").fetchall()
    assert seen == [("203.0.113.7",)]


def test_no_combination_of_filters_reads_more_rows_than_it_returns(make_app, sql):
    fill_log, *_ = [text for text in FILL.split(";\n") if "into wallet_audit_log" in text]
    sql.execute(fill_log)
    # The oldest entry of all, and the only one of its kind.
    sql.execute(
        "insert into wallet_audit_log (fid, chain, action, actor, request_id, created_at)"
        " values (5000, 'ethereum', 'key.exported', 'cli:root', 'x', now() - interval '1 hour')"
    )
    sql.execute("vacuum analyze wallet_audit_log")
    app = make_app(DB_POOL_MIN="1", DB_POOL_MAX="1")
    services, client, auditor = application(app), app.test_client(), calling(app, "audit:read")
    today = datetime.now(UTC)
    values = {
        "fid": "5000",
        "action": "key.exported",
        "actor": "cli:root",
        "after": (today - timedelta(days=1)).strftime("%Y-%m-%dT%H:%MZ"),
        "before": (today + timedelta(days=1)).strftime("%Y-%m-%dT%H:%MZ"),
    }
    sequential, fetched = scans("wallet_audit_log", sql, services)
    shown = allowed = 0
    # Often enough that PostgreSQL plans each statement for any values.
    for wanted in [*product((False, True), repeat=len(values))] * 4:
        query = {n: v for (n, v), used in zip(values.items(), wanted, strict=True) if used}
        page = client.get(f"{AUDIT}?limit=5&{urlencode(query)}", headers=auditor).get_json()
        assert page["data"], query
        shown += len(page["data"])
        # One more shows whether there is a next page, and another one where entries of the same
        # time end. Without a user and an action, a page of each action is read.
        is_merged = "fid" not in query and "action" not in query
        allowed += 7 * len(AUDIT_ACTIONS) if is_merged else len(page["data"]) + 2
    after_sequential, after_fetched = scans("wallet_audit_log", sql, services)
    assert after_sequential == sequential
    assert shown <= after_fetched - fetched <= allowed
