"""A dry run decides as the signature would, and leaves nothing."""

import random
import time
from dataclasses import dataclass, replace

import pytest

from tests.database import rows_of
from tests.factories import ACCESS, FID, new_client
from tests.policies import (
    CLIENT,
    DELEGATION,
    EVERYTHING,
    FEES,
    RECIPIENT,
    SPENDER,
    USDC,
    payments,
    permit,
    policies_of,
    transfer,
)
from tests.services.signing import permit_batch
from tests.signing import CHAIN_ID
from wallet_api.blueprints.schemas.signing import AUTHORIZATION
from wallet_api.errors import ClientNotFound, NotSignable, PolicyRefused
from wallet_api.ethereum.typed_data import read_typed_data
from wallet_api.policies.reading import read_rules
from wallet_api.services.api_clients import ApiClientService
from wallet_api.services.policies.dry_runs import PolicyDryRuns
from wallet_api.services.signing.service import SigningService

HOUR = 3600
# Of each kind of request, the method that most tests use first.
METHODS = {
    "message": ("personal_sign", "eth_sign", "sign/message"),
    "typed_data": ("eth_signTypedData_v4", "eth_signTypedData", "sign/typed-data"),
    "transaction": ("eth_signTransaction", "sign/transaction"),
    "authorization": ("sign/authorization",),
}


def chain_of(method):
    return None if method == "sign/message" else CHAIN_ID


@dataclass
class Bench:
    """A wallet, and the services that try and sign requests of it."""

    signing: SigningService
    dry_runs: PolicyDryRuns
    policies: object
    clients: ApiClientService
    address: str

    def preview(self, kind, given, chain_id):
        common = {"chain_id": chain_id, "access": CLIENT}
        if kind == "message":
            return self.signing.preview_message(FID, given, **common)
        if kind == "typed_data":
            read = read_typed_data(given, chain_id=chain_id)
            return self.signing.preview_typed_data(FID, read, **common)
        if kind == "authorization":
            return self.signing.preview_authorization(FID, given, **common)
        return self.signing.preview_transaction(FID, given, **common)

    def dry_run(self, kind, given, rules=None, client="engine", method=None):
        method = method or METHODS[kind][0]
        preview = self.preview(kind, given, chain_of(method))
        return self.dry_runs.run(FID, preview, method=method, client=client, rules=rules)

    def sign(self, kind, given, client="engine", method=None):
        """Sign as a client. Return why it is refused, or None."""
        method = method or METHODS[kind][0]
        signer = next(c for c in self.clients.list_clients() if c.name == client)
        access = replace(CLIENT, unrestricted=signer.unrestricted, client_id=signer.id)
        common = {"chain_id": chain_of(method), "method": method, "access": access}
        try:
            if kind == "message":
                self.signing.sign_message(FID, given, address=None, **common)
            elif kind == "typed_data":
                read = read_typed_data(given, chain_id=CHAIN_ID)
                self.signing.sign_typed_data(FID, read, address=None, **common)
            elif kind == "authorization":
                self.signing.sign_authorization(FID, given, **common)
            else:
                self.signing.sign_transaction(FID, given, **common)
        except PolicyRefused as refused:
            return refused.as_json()
        return None


@pytest.fixture
def bench(database, wallets):
    address = wallets.ensure_trading_wallet(FID, access=ACCESS).address
    clients = ApiClientService(database)
    for name, unrestricted in (("engine", False), ("free", True)):
        new_client(clients, "wallets:sign", name=name, unrestricted=unrestricted)
    return Bench(
        SigningService(wallets), PolicyDryRuns(database), policies_of(database), clients, address
    )


def a_rule(draw, number):
    """Return a rule. Its limits are so far from the requests that a second does not matter."""
    rule = {"id": f"r{number}", "effect": "allow" if draw.random() < 0.95 else "deny"}
    if draw.random() < 0.5:
        kinds = ["token_transfer", "allowance", "native_transfer", "network_fee", "message"]
        rule["kinds"] = draw.sample([*kinds, "hash_message", "delegation"], 3)
    if draw.random() < 0.2:
        rule |= {"to": [RECIPIENT]} if draw.random() < 0.5 else {"spenders": [SPENDER]}
    if draw.random() < 0.2:
        rule["methods"] = draw.sample([name for names in METHODS.values() for name in names], 6)
    if draw.random() < 0.2:
        rule["chain_ids"] = draw.sample([CHAIN_ID, 1, 10], 2)
    if rule["effect"] == "allow" and draw.random() < 0.6:
        rule |= {"tokens": [USDC, "native"], "chain_ids": [CHAIN_ID, 1]}
        # The fee of a transfer is 2 * 10^14.
        amounts = [draw.choice((500, 20_000, 10**15, 10**18)) for _ in range(2)]
        rule["windows"] = [
            {"seconds": seconds, "max_amount": str(amount)}
            for seconds, amount in zip((HOUR, 24 * HOUR), amounts, strict=True)
        ]
    if rule["effect"] == "allow" and draw.random() < 0.2:
        rule["max_lifetime_seconds"] = 2 * HOUR
    return rule


def put_in_force(draw, policies):
    """Replace the policies of some layers with random ones."""
    for layer in draw.sample(("service", "client", "wallet", "user"), 2):
        rules = [a_rule(draw, number) for number in range(draw.randint(1, 4))]
        if draw.random() < 0.8:
            rules += [EVERYTHING, DELEGATION | {"to": [RECIPIENT]}]
        if layer == "user":
            policies.put_user(*rules)
        elif layer == "wallet":
            policies.put_wallet(*rules)
        elif layer == "service":
            policies.put_service(*rules)
        else:
            own = policies.create(*rules)
            policies.assignments.assign_to_client("engine", own, access=ACCESS)


def a_request(draw, address):
    kind = draw.choice(("message", "typed_data", "transaction", "transaction", "authorization"))
    if kind == "authorization":
        return kind, AUTHORIZATION | {"address": draw.choice((RECIPIENT, SPENDER))}
    if kind == "message":
        return kind, draw.choice((b"Sign in", b"h" * 32))
    amount = draw.choice((0, 1, 100, 400, 2**160))
    if kind == "typed_data":
        owner, now = draw.choice((address, RECIPIENT)), int(time.time())
        deadline = draw.choice((1, now + HOUR, now + 9 * HOUR, 2**256 - 1))
        return kind, permit(owner, amount, deadline)
    given = transfer(amount, to=draw.choice((RECIPIENT, SPENDER)))
    if draw.random() < 0.3:
        given |= {"value": hex(draw.choice((1, 400))), "data": "0x"}
    return kind, given


@pytest.mark.parametrize(
    "count", [150, pytest.param(10_000, marks=[pytest.mark.long, pytest.mark.timeout(1200)])]
)
def test_a_dry_run_decides_as_the_signature_does(bench, count, capsys):
    draw = random.Random(2026)
    reasons = {}
    for number in range(count):
        if number % 10 == 0:
            put_in_force(draw, bench.policies)
        kind, given = a_request(draw, bench.address)
        chosen = {
            "client": draw.choice(("engine", "engine", "engine", "free")),
            "method": draw.choice(METHODS[kind]),
        }
        verdict = bench.dry_run(kind, given, **chosen).verdict
        refused = bench.sign(kind, given, **chosen)
        told = refused["reason"] if refused else None
        assert verdict.reason == told, (number, kind, given, chosen)
        if refused and verdict.refusal:
            first = verdict.refusal
            assert (refused["layer"], refused["version"]) == (first.layer, first.version)
            assert refused["rule"] == (first.rules[0] if first.rules else None)
        reasons[told] = reasons.get(told, 0) + 1
    # The draw is worth something only if both outcomes are frequent.
    assert reasons[None] > count // 20
    assert {"no_rule", "denied"} <= reasons.keys()
    assert len(reasons) >= 5 or count < 1000
    with capsys.disabled():
        print(f"\n  {count} requests: {reasons}")


@pytest.mark.parametrize(("count", "allowed"), [(30, True), (50, True), (50, False)])
def test_a_dry_run_refuses_more_effects_than_an_entry_holds_as_the_signature_does(
    bench, count, allowed
):
    bench.policies.put_wallet(EVERYTHING if allowed else payments(max_amount="1"))
    outcomes = []
    for attempt in (
        lambda: bench.dry_run("typed_data", permit_batch(count)).verdict.reason,
        lambda: (bench.sign("typed_data", permit_batch(count)) or {"reason": None})["reason"],
    ):
        try:
            outcomes.append(attempt())
        except NotSignable as error:
            outcomes.append(str(error))
    tried, signed = outcomes
    assert tried == signed
    assert (tried is None) == (count == 30)
    assert ("50 effects" in (tried or "")) == (allowed and count == 50)


def test_a_dry_run_leaves_nothing(bench, sql):
    bench.policies.put_wallet(payments((HOUR, 10)), FEES)
    before = rows_of(sql)
    for amount in (5, 50):
        bench.dry_run("transaction", transfer(amount))
    assert rows_of(sql) == before


def test_a_dry_run_shows_what_is_left_of_each_window(bench):
    bench.policies.put_wallet(payments((HOUR, 10), (24 * HOUR, 100)), FEES)
    assert bench.sign("transaction", transfer(7)) is None
    run = bench.dry_run("transaction", transfer(4))
    assert run.verdict.reason == "window"
    states = [(state.layer, state.rule, state.seconds) for state in run.windows]
    assert states == [("wallet", "payments", HOUR), ("wallet", "payments", 24 * HOUR)]
    assert [(s.max_amount, s.spent, s.left) for s in run.windows] == [(10, 7, 3), (100, 7, 93)]
    assert {(state.asset, state.chain_id) for state in run.windows} == {(USDC, CHAIN_ID)}


def test_a_window_that_is_exceeded_by_an_earlier_policy_has_nothing_left(bench):
    bench.policies.put_wallet(EVERYTHING)
    assert bench.sign("transaction", transfer(50)) is None
    bench.policies.put_wallet(payments((HOUR, 10)), FEES)
    (state,) = bench.dry_run("transaction", transfer(1)).windows
    assert (state.spent, state.left) == (50, 0)


def test_rules_can_be_tried_in_place_of_the_policy_of_the_wallet(bench):
    bench.policies.put_service(EVERYTHING)
    bench.policies.put_wallet(payments(max_amount="1"), FEES)
    tried = read_rules([payments(max_amount="9"), FEES])
    assert bench.dry_run("transaction", transfer(5)).verdict.reason == "max_amount"
    verdict = bench.dry_run("transaction", transfer(5), rules=tried).verdict
    assert verdict.allowed
    layers = [(one.layer, one.policy is None, one.version) for one in verdict.layers]
    assert layers == [("service", False, 1), ("wallet", True, 0)]


def test_every_layer_says_what_it_would_decide(bench):
    bench.policies.put_service(EVERYTHING)
    bench.policies.put_wallet(payments(max_amount="1"), FEES)
    bench.policies.put_user({"id": "nothing", "effect": "deny"})
    verdict = bench.dry_run("transaction", transfer(5)).verdict
    assert [(one.layer, one.reason) for one in verdict.layers] == [
        ("service", None),
        ("wallet", "max_amount"),
        ("user", "denied"),
    ]


def test_a_dry_run_is_of_the_client_that_is_named(bench):
    assert bench.dry_run("message", b"hello").verdict.reason == "no_policy"
    assert bench.dry_run("message", b"hello", client="free").verdict.allowed
    with pytest.raises(ClientNotFound):
        bench.dry_run("message", b"hello", client="nobody")
