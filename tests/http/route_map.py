"""Every route that an app serves."""

import re

from flask import Flask
from werkzeug.routing import Rule

from tests.factories import DEPOSIT_ID, FID
from wallet_api.blueprints.schemas.policies import EXAMPLE_ID


def path_of(rule: Rule) -> str:
    """Return a path that a rule serves."""
    examples = {
        "fid": str(FID),
        "chain": "ethereum",
        "chain_id": "8453",
        "name": "docs.js",
        "policy_id": EXAMPLE_ID,
        "client_name": "everything",
        "deposit_id": DEPOSIT_ID,
    }
    return re.sub("<(?:uuid:)?([a-z_]+)>", lambda variable: examples[variable[1]], rule.rule)


def routes(app: Flask) -> list[tuple[str, str]]:
    """Return every (method, path) that `app` serves."""
    return sorted(
        (method, path_of(rule))
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    )
