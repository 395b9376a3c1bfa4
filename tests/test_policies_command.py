"""`wallet-api policies set`, `show`, `history` and `remove`, as an operator runs them."""

import json
import re
from uuid import UUID

import pytest

from tests.database import plant
from tests.factories import ACCESS, FID, OTHER_SECRET, new_client, revoke_client, service
from tests.policies import EVERYTHING, FEES, UNREADABLE_JSON, payments
from wallet_api.policies.reading import read_policy
from wallet_api.policies.warnings import warnings
from wallet_api.services.api_clients import ApiClientService

pytestmark = pytest.mark.slow

LIMITS = {"name": "limits", "rules": [payments((3600, 10), max_lifetime_seconds=600), FEES]}
TARGETS = {
    "the service": ("--service",),
    "the client engine": ("--client", "engine"),
    f"the wallet of {FID}": ("--fid", str(FID)),
}


@pytest.fixture
def policies(command, tmp_path, database):
    """Run `wallet-api policies …`; a dict is written to a file as JSON."""
    service(database).ensure_trading_wallet(FID, access=ACCESS)
    clients = ApiClientService(database)
    for name, scope in (("engine", "wallets:sign"), ("reader", "wallets:read")):
        new_client(clients, scope, name=name, unrestricted=False)

    def run(*arguments, **changes):
        path = tmp_path / "policy.json"
        for argument in arguments:
            if isinstance(argument, dict):
                path.write_text(json.dumps(argument))
        given = [str(path) if isinstance(one, dict) else one for one in arguments]
        return command(*given, group="policies", **changes)

    return run


def changes(sql):
    return sql.execute(
        "select fid, actor, details ->> 'target', details -> 'old' ->> 'version',"
        " details -> 'new' ->> 'version' from wallet_audit_log where action = 'policy.changed'"
        " order by fid, id"
    ).fetchall()


@pytest.mark.parametrize("target", TARGETS)
def test_a_file_is_put_in_force_changed_shown_and_removed(policies, sql, target):
    options = TARGETS[target]
    none = f"Error: No policy is assigned to {target}. Assign one with `wallet-api policies set`.\n"
    for command in ("show", "history"):
        refused = policies(command, *options)
        assert (refused.status, refused.out, refused.err) == (1, "", none)
    done = policies("set", LIMITS, *options)
    assert done.status == 0, done.err
    policy = re.fullmatch(rf"Version 1 of the policy (\S+) applies to {target}\.\n", done.out)[1]
    # The same name: a version of the same policy. The same rules: nothing.
    for _ in range(2):
        done = policies("set", {**LIMITS, "rules": [EVERYTHING]}, *options)
        assert done.out == f"Version 2 of the policy {policy} applies to {target}.\n"
    shown = policies("show", *options)
    assert re.match(rf"limits: version 2 of {policy}, 2\S+ by cli:\S+\n", shown.out)
    assert shown.out.splitlines()[1:] == [
        "everything  Allow anything, except delegations and messages of 32 bytes."
    ]
    members = json.loads(policies("show", *options, "--json").out)
    assert (members["id"], members["version"], members["rules"]) == (policy, 2, [EVERYTHING])
    history = policies("history", *options).out.splitlines()
    assert [line.partition(",")[0] for line in history] == [
        "2  limits: 1 rules",
        "1  limits: 2 rules",
    ]
    assert (
        policies("show", "--policy", policy, "--json").out
        == policies("show", *options, "--json").out
    )
    # Another name: another policy.
    other = json.loads(policies("set", {**LIMITS, "name": "other"}, *options, "--json").out)
    assert other["policy"] != policy
    done = policies("remove", *options)
    assert (done.status, done.out) == (0, f"No policy is assigned to {target}.\n")
    assert policies("show", *options).status == 1
    assert policies("show", "--policy", policy).status == 0
    assert {row[1].partition(":")[0] for row in changes(sql)} == {"cli"}
    word = target.split()[1]
    assigned = [row[3:] for row in changes(sql) if row[2] == word]
    assert assigned == [(None, "1"), ("2", "1"), ("1", None)]


def test_a_policy_gets_its_next_version_by_its_id(policies):
    made = json.loads(policies("set", LIMITS, "--service", "--json").out)
    assert made["warnings"] == warnings(read_policy(LIMITS).rules)
    new = {"name": "renamed", "rules": [EVERYTHING]}
    done = policies("set", new, "--policy", made["policy"])
    assert (
        done.out == f"Version 2 of the policy {made['policy']} applies wherever it is assigned.\n"
    )
    assert policies("show", "--service").out.startswith("renamed: version 2")


def test_warnings_are_printed_and_do_not_stop(policies):
    never = {
        "id": "never",
        "effect": "allow",
        "kinds": ["network_fee"],
        "spenders": ["0x" + "11" * 20],
    }
    done = policies("set", {"name": "odd", "rules": [never]}, "--service")
    assert done.status == 0
    assert done.err.startswith("warning: ")


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (("set", LIMITS), 2, "Give exactly one of --service, --client, --fid and --policy."),
        (("set", LIMITS, "--service", "--fid", "1"), 2, "Give exactly one of"),
        (("remove",), 2, "Give exactly one of"),
        (("set", LIMITS, "--client", "nobody"), 1, "There is no such API client"),
        # It does not sign.
        (("set", LIMITS, "--client", "reader"), 1, "There is no such API client"),
        (("set", LIMITS, "--fid", "0"), 2, "0 is not in the range"),
        (("set", {"name": "x", "rules": []}, "--service"), 1, "rules: It must have"),
        (("show", "--policy", "7d3c1f0e-5a52-4c5e-9c39-5b1a2f6d8e11"), 1, "no such policy"),
        (("history", "--fid", "7"), 1, "No policy is assigned to the wallet of 7"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(policies, sql, arguments, status, sentence):
    done = policies(*arguments)
    assert (done.status, done.out) == (status, "")
    assert sentence in done.err
    assert done.err.count("\n") == 1
    assert sql.execute("select count(*) from policies").fetchone() == (0,)


def test_a_policy_that_would_slow_every_signature_is_refused(policies):
    addresses = [f"0x{number:040x}" for number in range(100)]
    rules = [{**EVERYTHING, "id": f"r{n}", "to": addresses} for n in range(50)]
    done = policies("set", {"name": "long", "rules": rules}, "--service")
    assert done.status == 1
    assert "at most 65536 are stored" in done.err


@pytest.mark.parametrize("rules", UNREADABLE_JSON, ids=lambda rules: f"{rules[:9]} {len(rules)}")
def test_rules_that_cannot_be_read_are_one_sentence_and_can_be_replaced(policies, sql, rules):
    policies("set", LIMITS, "--service")
    plant(sql, "update policies set rules = %s", [rules])
    for command in (("show",), ("show", "--json"), ("history",), ("history", "--json")):
        done = policies(*command, "--service")
        assert (done.status, done.out, done.err.count("\n")) == (1, "", 1)
        assert "a stored policy is not valid: assign another one" in done.err
    assert policies("set", LIMITS, "--service").status == 0
    assert policies("show", "--service").status == 0


def test_another_secret_changes_nothing(policies, sql):
    done = policies("set", LIMITS, "--service", ENCRYPTION_SECRET=OTHER_SECRET)
    assert done.status == 1
    assert sql.execute("select count(*) from policies").fetchone() == (0,)


@pytest.mark.parametrize(
    ("target", "wallets"),
    [("the service", "every wallet"), (f"the wallet of {FID}", "this wallet")],
)
def test_clients_that_a_policy_lets_sign_are_named(policies, database, target, wallets):
    clients = ApiClientService(database)
    new_client(clients, "wallets:sign", name="gone", unrestricted=False)
    revoke_client(clients, "gone")
    new_client(clients, "wallets:sign", name="free")
    own = json.loads(policies("set", LIMITS, "--client", "engine", "--json").out)["policy"]
    limited = {"unrestricted": False, "policy_id": UUID(own)}
    new_client(clients, "wallets:sign", name="limited", **limited)
    warning = f"lets API clients without a policy of their own sign with {wallets}: free.\n"
    assert policies("set", LIMITS, *TARGETS[target]).err.endswith(warning)
    assert warning in policies("set", LIMITS, *TARGETS[target], "--json").err
    assert "may sign" not in policies("set", LIMITS, *TARGETS["the client engine"]).err
    assert "may sign" not in policies("set", LIMITS, "--policy", own).err
