"""Counters of signatures and of refusals to sign, by method and API client."""

from functools import cache

from wallet_api import metrics
from wallet_api.errors import (
    IdempotencyKeyReused,
    InsufficientScope,
    InvalidRequest,
    NetworkNotAllowed,
    NotSignable,
    PolicyRefused,
    WalletApiError,
    WalletNotFound,
)
from wallet_api.models import ApiClient
from wallet_api.policies.evaluation import REASONS
from wallet_api.policies.rules import METHODS

RPC = "rpc"
"""The label of a JSON-RPC request that was refused as a whole, or has a call that is not valid."""
REFUSED_METHODS = (*METHODS, RPC)

_INVALID = InvalidRequest.code
REFUSALS = (
    *REASONS,
    *(
        error.code
        for error in (
            InsufficientScope,
            NetworkNotAllowed,
            NotSignable,
            WalletNotFound,
            IdempotencyKeyReused,
        )
    ),
    _INVALID,
)
"""Why a request to sign is refused: a reason of policies, or the code of an error."""

OTHER_CLIENTS = "(other)"
"""The label of clients without the scope wallets:sign. No client has this name."""


def _initialize_refusals(client: str) -> None:
    for method in REFUSED_METHODS:
        for reason in REFUSALS:
            metrics.SIGNING_REFUSALS.labels(method, reason, client)


# Prometheus sees no increase in a counter that appears with its first event.
_initialize_refusals(OTHER_CLIENTS)


@cache
def initialize_counters(client: str) -> None:
    """Report the counters of an API client that signs as 0, before their first increase."""
    _initialize_refusals(client)
    for method in METHODS:
        metrics.SIGNATURES.labels(method, client)


def count_refusal(error: WalletApiError, client: ApiClient, *, method: str) -> None:
    """Count a refused request of an API client to sign. `method` is one of REFUSED_METHODS.

    Faults of the service and rate limits are not refusals.
    """
    name = client.name if "wallets:sign" in client.scopes else OTHER_CLIENTS
    if isinstance(error, PolicyRefused):
        reason = error.reason
    elif isinstance(error, InvalidRequest) and error.code not in REFUSALS:
        reason = _INVALID
    else:
        reason = error.code
    if reason in REFUSALS:
        metrics.SIGNING_REFUSALS.labels(method, reason, name).inc()
