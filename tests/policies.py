"""What the tests of policies share: policies in force, and requests that they decide about."""

import json
import uuid
from dataclasses import dataclass, replace

from tests.factories import ACCESS, FID, SECRET, new_client
from tests.signing import CHAIN_ID, TOKEN
from wallet_api.blueprints.schemas.policies import EXAMPLE_ID
from wallet_api.blueprints.schemas.signing import AUTHORIZATION
from wallet_api.crypto.encryption import EncryptionService
from wallet_api.crypto.secret import Secret
from wallet_api.policies.reading import read_policy
from wallet_api.services.api_clients import ApiClientService
from wallet_api.services.audit.changes import AuditedChanges
from wallet_api.services.encryption_keys.registration import SecretRegistration
from wallet_api.services.policies.assignments import PolicyAssignments
from wallet_api.services.policies.versions import PolicyVersions

OPERATOR = replace(ACCESS, actor="cli:operator")
CLIENT = replace(ACCESS, actor="client:engine", reason="swap 8c1f")
USDC = TOKEN.lower()
SPENDER = "0x" + "22" * 20
RECIPIENT = "0x" + "33" * 20
FEES = {"id": "fees", "effect": "allow", "kinds": ["network_fee"]}
EVERYTHING = {"id": "everything", "effect": "allow"}
UNREADABLE_JSON = (
    f"[{'9' * 5000}]",
    *("[" * depth + "]" * depth for depth in (20, 400, 5000)),
    '[{"a":' * 200 + "1" + "}]" * 200,
    # A float would be infinite, which is not JSON.
    f"[1{'0' * 400}.5]",
)
"""Rules that PostgreSQL accepts, and that are not read as JSON."""
UNREADABLE_RULES = (
    '[{"id": "all", "effect": "perhaps"}]',
    "[]",
    "[null]",
    *UNREADABLE_JSON,
)
# Rules that no route stores: about 100,000 characters.
TOO_LONG = [
    EVERYTHING | {"id": f"r{index}", "to": [f"0x{number:040x}" for number in range(46)]}
    for index in range(45)
]
DELEGATION = {
    "id": "delegation",
    "effect": "allow",
    "kinds": ["delegation"],
    "to": [AUTHORIZATION["address"]],
}


def payments(*windows, **more):
    """Return a rule that allows transfers of USDC, with windows of (seconds, amount)."""
    rule = {
        "id": "payments",
        "effect": "allow",
        "kinds": ["token_transfer", "allowance"],
        "tokens": [USDC],
        "chain_ids": [CHAIN_ID],
        **more,
    }
    if windows:
        rule["windows"] = [{"seconds": s, "max_amount": str(amount)} for s, amount in windows]
    return rule


def transfer(amount, to=RECIPIENT, token=TOKEN):
    """Return a transaction that transfers USDC, as eth_signTransaction takes it."""
    return {
        "type": "0x2",
        "nonce": "0x7",
        "gas": "0x186a0",
        "to": token,
        "maxFeePerGas": "0x77359400",
        "maxPriorityFeePerGas": "0x1",
        "data": "0xa9059cbb" + "00" * 12 + to[2:] + f"{amount:064x}",
    }


def permit(owner, amount, deadline, spender=SPENDER):
    """Return a Permit of USDC (ERC-2612)."""
    members = {"owner": "address", "spender": "address", "value": "uint256"}
    members |= {"nonce": "uint256", "deadline": "uint256"}
    return {
        "types": {"Permit": [{"name": name, "type": kind} for name, kind in members.items()]},
        "primaryType": "Permit",
        "domain": {
            "name": "USD Coin",
            "version": "2",
            "chainId": CHAIN_ID,
            "verifyingContract": TOKEN,
        },
        "message": {
            "owner": owner,
            "spender": spender,
            "value": str(amount),
            "nonce": 0,
            "deadline": str(deadline),
        },
    }


def name_delegate(sql, delegate, fid=FID):
    """Put a wallet under a policy that allows everything, also delegations to one contract.

    It has the id of the API's examples. Return its rules as a JSON text.
    """
    rules = json.dumps([EVERYTHING, DELEGATION | {"to": [delegate]}])
    sql.execute(
        "insert into policies (id, version, name, rules, created_by)"
        " values (%s, 1, 'example', %s, 'cli:operator')",
        [EXAMPLE_ID, rules],
    )
    sql.execute(
        "insert into wallet_policies (fid, version, policy_id, created_by)"
        " values (%s, 1, %s, 'cli:operator')",
        [fid, EXAMPLE_ID],
    )
    return rules


def plant_example(sql, fid=FID):
    """Store a policy with the id of the API's examples, and let each layer allow everything."""
    rules = name_delegate(sql, AUTHORIZATION["address"], fid)
    sql.execute("insert into user_policies (fid, version, rules) values (%s, 1, %s)", [fid, rules])


@dataclass
class Policies:
    """The services that change policies, and shortcuts to put rules in force."""

    versions: PolicyVersions
    assignments: PolicyAssignments
    clients: ApiClientService

    def create(self, *rules, name="policy"):
        """Store a policy, and return its id."""
        policy = read_policy({"name": name, "rules": list(rules)})
        return self.versions.create(policy, access=OPERATOR).id

    def change(self, policy_id, *rules, name="policy", expected=None, access=OPERATOR):
        policy = read_policy({"name": name, "rules": list(rules)})
        return self.versions.add_version(policy_id, policy, expected=expected, access=access)

    def put_wallet(self, *rules, fid=FID):
        """Put a wallet under these rules, and return the id of the policy."""
        policy_id = self.create(*rules)
        self.assignments.assign_to_wallet(fid, policy_id, access=OPERATOR)
        return policy_id

    def put_service(self, *rules):
        policy_id = self.create(*rules)
        self.assignments.assign_to_service(policy_id, access=OPERATOR)
        return policy_id

    def put_client(self, *rules):
        """Return the access of a new client under these rules."""
        token = new_client(
            self.clients,
            "wallets:sign",
            name=f"client-{uuid.uuid4().hex}",
            unrestricted=False,
            policy_id=self.create(*rules),
        )
        return replace(CLIENT, client_id=self.clients.identify(token).id)

    def put_user(self, *rules, fid=FID):
        parsed = read_policy({"name": "own", "rules": list(rules)}).rules
        user = replace(ACCESS, actor=f"user:{fid}")
        return self.assignments.set_of_user(fid, parsed, access=user)


def policies_of(database, secret=SECRET):
    """Return the services that change policies on a database."""
    encryption = EncryptionService(Secret(secret))
    changes = AuditedChanges(database, encryption, SecretRegistration(database, encryption))
    return Policies(
        PolicyVersions(database, changes),
        PolicyAssignments(database, changes),
        ApiClientService(database),
    )
