"""`wallet-api policies check`, as an operator runs it."""

import json
import subprocess
import sys

import pytest

from tests.commands import Running, kept_environ
from tests.running_service import ROOT

TEMPLATES = ROOT / "docs" / "policies"
PLACEHOLDER = "THE ADDRESS OF THE BASE ACCOUNT"
SENTENCE = (
    "Allow token transfers of USDC by typed data of type TransferWithAuthorization for the "
    "contract 0x833589fcd6edb6e08f4c7c32d4f71b54bda02913 on Base Mainnet (8453): at most 1 USDC in "
    "one request, at most 5 USDC in any 24 hours and valid for at most 10 minutes."
)


@pytest.fixture
def check(tmp_path):
    """Check a file, or a text in a file, without any setting."""

    def run(given, *options):
        path = given
        if isinstance(given, str | bytes):
            path = tmp_path / "policy.json"
            path.write_bytes(given if isinstance(given, bytes) else given.encode())
        arguments = ["policies", "check", str(path), *options]
        return Running(arguments, kept_environ({}), tmp_path).finish()

    return run


def test_a_policy_is_explained_rule_by_rule(check):
    done = check(TEMPLATES / "x402.json")
    assert (done.status, done.err) == (0, "")
    assert done.out.splitlines() == ["Pay by x402: up to 5 USDC a day", f"pay  {SENTENCE}"]


def test_the_example_in_the_documentation_is_what_it_prints():
    assert f"pay  {SENTENCE}" in (ROOT / "docs" / "commands.md").read_text()


def test_programs_get_json(check):
    done = check(TEMPLATES / "x402.json", "--json")
    assert done.figures == {
        "name": "Pay by x402: up to 5 USDC a day",
        "rules": [{"id": "pay", "explanation": SENTENCE}],
        "warnings": [],
    }


def test_warnings_are_printed_and_do_not_fail(check):
    policy = {"name": "No", "rules": [{"id": "a", "effect": "deny"}]}
    warning = "The policy refuses everything: no rule allows anything."
    done = check(json.dumps(policy))
    assert done.status == 0
    assert done.out.splitlines() == ["No", "a  Deny anything.", f"warning: {warning}"]
    assert check(json.dumps(policy), "--json").figures["warnings"] == [warning]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("", "policy: It is not valid JSON."),
        (b"\xff", "it is not UTF-8."),
        ('{"name": "a", "name": "b"}', "name: This member occurs twice in one object."),
        ('{"name": "a"}', "rules: This member is missing."),
        (b" " * (4 * 1024 * 1024 + 1), "it is too long for a policy."),
        (
            '{"name": "a", "rules": [{"id": "a", "effect": "allow", "max_amount": "1"}]}',
            "rules[0].tokens: It is missing. Amounts need the assets that they limit.",
        ),
    ],
)
def test_a_policy_that_is_not_valid_is_one_line_and_status_1(check, given, sentence):
    for options in ([], ["--json"]):
        done = check(given, *options)
        assert (done.status, done.out) == (1, "")
        (line,) = done.err.splitlines()
        assert line.startswith("Error: ")
        assert line.endswith(f"policy.json: {sentence}")


def test_the_template_for_withdrawals_needs_an_address_first(check):
    text = (TEMPLATES / "withdraw.json").read_text()
    done = check(text)
    assert done.status == 1
    assert "rules[0].to[0]: It must be an address" in done.err
    done = check(text.replace(PLACEHOLDER, "0x78547fc07fdc8aac05e53b034e510b276a5ba384"))
    assert (done.status, len(done.out.splitlines())) == (0, 4)


def test_a_file_that_is_missing_or_a_folder_is_one_line(check, tmp_path):
    assert "No such file" in check(tmp_path / "missing.json").err
    assert "Is a directory" in check(tmp_path).err


def test_a_policy_is_read_from_standard_input():
    done = subprocess.run(
        [sys.executable, "-m", "wallet_api", "policies", "check", "-"],
        input=(TEMPLATES / "x402.json").read_text(),
        capture_output=True,
        text=True,
        check=True,
        env=kept_environ({}),
        cwd=ROOT,
    )
    assert SENTENCE in done.stdout
