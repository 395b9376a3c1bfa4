"""The console with a month of data. With `--write`, the pictures of docs/images are taken again."""

import io
import json
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.operators import SCOPES, fits, give_token, sign_in
from tests.browser.visitor import DESKTOP, PHONE
from tests.factories import ACCESS, BASE_ACCOUNT, JWT_SECRET, SECRET
from tests.leaks import LEAKS
from tests.policies import CLIENT, FEES, OPERATOR, RECIPIENT, payments, transfer
from tests.running_service import ROOT, start_service
from tests.signing import CHAIN_ID, TOKEN
from wallet_api.app import create_app
from wallet_api.blueprints.application import application
from wallet_api.config import Settings
from wallet_api.errors import PolicyRefused
from wallet_api.policies.reading import read_policy
from wallet_api.services.deposits import DepositRequest

pytestmark = pytest.mark.slow

USER = 1_464_243
HOUR = datetime.now(UTC).replace(hour=2, minute=0, second=0, microsecond=0) - timedelta(days=1)
DRILL = (
    f"#/audit?actor=client:trader&from={HOUR:%Y-%m-%d}T02:00Z&to={HOUR:%Y-%m-%d}T03:00Z"
    "&action=key.read,key.exported,message.signed,typed_data.signed,transaction.signed,"
    "authorization.signed"
)
PICTURES = [
    ("overview", "#/", DESKTOP, "light"),
    ("user", f"#/users/{USER}", DESKTOP, "light"),
    ("audit", DRILL, DESKTOP, "light"),
    ("status", "#/status", DESKTOP, "dark"),
    ("phone", f"#/users/{USER}", PHONE, "dark"),
]
LARGEST = 100_000

# Wallets and deposits of the last 30 days, more of them every day.
WALLETS = """
insert into wallets
  (fid, chain, wallet_type, address, encrypted_private_key, iv, scheme, key_id, created_at)
select
  1470000 + n, 'ethereum', 'trading', '0x' || md5(n::text) || left(md5(n || 'a'), 8),
  repeat('ab', 48), repeat('cd', 12), 'aes-256-gcm', key_id,
  now() - interval '30 days' * (1 - sqrt(n / 400.0))
from encryption_keys, generate_series(1, 400) as n"""
BASE_ACCOUNTS = """
insert into wallets (fid, chain, wallet_type, address, created_at)
select fid, 'base-account', 'base-account', '0x' || left(md5(fid::text) || md5(address), 40),
  created_at
from wallets where fid > 1470000 and fid % 7 in (0, 2, 3, 5)"""
DEPOSITS = """
insert into deposits (fid, id, asset, amount, from_address, to_address, chain_id, created_at)
select fid, gen_random_uuid(), asset, amount, address, address, 8453,
  created_at + (now() - created_at) * (fid * 37 % 100 / 101.0)
from wallets, lateral (values
  ('USDC', (fid * 7919 % 240 + 10) * 1000000), ('ETH', (fid * 104729 % 50 + 1) * 1000000000000000)
) as made (asset, amount)
where fid > 1470000 and chain = 'ethereum' and (asset = 'USDC' or fid % 3 = 0)"""
ENTRY = (
    "insert into wallet_audit_log"
    " (fid, id, chain, action, actor, ip, reason, request_id, details, created_at)"
    " values (%s, 1, 'ethereum', %s, 'client:trader', %s, %s, %s, %s, %s)"
)


def signed(amount):
    """Return the details of a transaction that was signed."""
    members = {"token": TOKEN.lower(), "sender": "0x" + "5a" * 20, "to": RECIPIENT}
    effect = {"kind": "token_transfer", **members, "amount": str(amount), "deadline": None}
    effects = [effect, {"kind": "network_fee", "amount": "200000000000000"}]
    details = {"method": "sign/transaction", "chain_id": CHAIN_ID, "digest": "0x" + "c4" * 32}
    return json.dumps({**details, "effects": effects})


def fill(services, sql):
    """Make a user with everything that a page can show, what a client did, and a month."""
    services.wallets.store_base_account_address(USER, BASE_ACCOUNT, access=ACCESS)
    services.wallets.ensure_trading_wallet(USER, access=ACCESS)
    policy = {"name": "trading", "rules": [payments((86_400, 250_000_000)), FEES]}
    assigned = services.policy_versions.create(read_policy(policy), access=OPERATOR)
    services.policy_assignments.assign_to_wallet(USER, assigned.id, access=OPERATOR)
    for asset, amount in (("USDC", "20"), ("ETH", "0.25"), ("USDC", "1200"), ("USDC", "35.5")):
        asked = DepositRequest(asset=asset, amount=amount, base_address=None, idempotency_key=None)
        services.deposits.prepare(USER, asked, access=ACCESS)
    for amount in (40_000_000, 85_500_000, 180_000_000):
        how = {"chain_id": CHAIN_ID, "method": "sign/transaction", "access": CLIENT}
        try:
            services.signing.sign_transaction(USER, transfer(amount), **how)
        except PolicyRefused:
            assert amount == 180_000_000
    for place, (action, ip, reason, details) in enumerate(
        (
            ("key.read", "203.0.113.7", "rebalance", None),
            ("key.read", "203.0.113.7", "rebalance", None),
            ("transaction.signed", "198.51.100.9", "swap 8c1f", signed(48_000_000)),
            ("transaction.signed", "198.51.100.9", "swap 8c20", signed(1_250_000_000)),
        )
    ):
        moment = HOUR + timedelta(minutes=3 + 17 * place, seconds=place * 11)
        request_id = f"{int(moment.timestamp() * 1000):012x}7a10b2c3d4e5f6a7b8c9"
        entry = [1_471_000 + place, action, ip, reason, request_id, details, moment]
        sql.execute(ENTRY, entry)
    # What the service would refuse: wallets of the past, with keys of nobody.
    sql.execute("set session_replication_role = replica")
    for statement in (WALLETS, BASE_ACCOUNTS, DEPOSITS):
        sql.execute(statement)


@pytest.fixture(scope="module")
def busy_service(clone, tmp_path_factory):
    """A service with a month of data, and the token of an operator."""
    log = tmp_path_factory.mktemp("pictures") / "gunicorn.log"
    LEAKS.logs.append(log)
    with clone("pictures") as url, psycopg.connect(url, autocommit=True) as sql:
        environ = {"DATABASE_URL": url, "ENCRYPTION_SECRET": SECRET, "JWT_SECRET": JWT_SECRET}
        services = application(create_app(Settings.from_environ(environ)))
        services.open()
        fill(services, sql)
        token = give_token(services, *SCOPES, "clients:read", "clients:write")
        service = start_service({**environ, "WEB_CONCURRENCY": "1"}, log)
        yield service, token
        service.stop()
        services.close()


@pytest.mark.parametrize(
    ("name", "view", "viewport", "scheme"), PICTURES, ids=[name for name, *_ in PICTURES]
)
def test_the_console_with_a_month_of_data_is_readable(
    come, busy_service, request, name, view, viewport, scheme
):
    service, token = busy_service
    visitor = sign_in(come(service, viewport, scheme), token, view)
    page = visitor.page
    expect(page.get_by_text("Loading …")).to_have_count(0)
    assert fits(page)
    assert visitor.faults_of_the_page() == []
    expect(page.locator("main").get_by_role("alert").locator("p")).to_have_count(0)
    file = ROOT / "docs" / "images" / f"console-{name}.webp"
    if request.config.getoption("--write"):
        page.mouse.move(0, 0)
        page.get_by_role("searchbox").blur()
        taken = Image.open(io.BytesIO(page.screenshot(full_page=True)))
        taken.crop((0, 0, taken.width, min(taken.height, 1250))).save(file, quality=80, method=6)
    assert file.stat().st_size < LARGEST
