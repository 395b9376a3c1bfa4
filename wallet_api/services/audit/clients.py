"""Comparison of API clients with the audit entries of their creation and revocation."""

from collections.abc import Collection, Iterable, Iterator

from wallet_api.auth.client_grants import NAME
from wallet_api.models import SCOPES, SERVICE_FID, ApiClient, AuditEntry, read_details

CREATED = "client.created"
REVOKED = "client.revoked"
# `policies set` changes it, and has entries of its own.
_CHANGED_LATER = ("policy",)


def description_of(client: ApiClient) -> dict[str, object]:
    """Return the members that an audit entry records of a client."""
    networks = client.allowed_networks
    return {
        "client": client.name,
        "scopes": [scope for scope in SCOPES if scope in client.scopes],
        "unrestricted": client.unrestricted,
        "policy": None if client.policy_id is None else str(client.policy_id),
        "allowed_networks": None if networks is None else [str(network) for network in networks],
        "expires_at": None if client.expires_at is None else client.expires_at.isoformat(),
    }


class ClientCheck:
    """Compares the table of API clients with the entries about them."""

    def __init__(self, known: Collection[str]) -> None:
        """`known` are the names of clients of 1.0.0, whose creation has no entry."""
        self._known = known
        self._created: dict[str, dict[str, object]] = {}
        self._revoked: set[str] = set()
        self._foreign: list[int] = []

    def add(self, entry: AuditEntry) -> None:
        """Add an intact entry of the log. Only those about clients count."""
        if entry.fid != SERVICE_FID or entry.action not in (CREATED, REVOKED):
            return
        details = read_details(entry.details or "{}") or {}
        name = details.get("client")
        if not isinstance(name, str) or not NAME.fullmatch(name):
            # Its MAC is valid, but the service does not write such details: a secret leaked.
            self._foreign.append(entry.id)
        elif entry.action == CREATED:
            self._created[name] = details
        else:
            self._revoked.add(name)

    def faults(self, clients: Iterable[ApiClient]) -> Iterator[str]:
        """Yield what the table has and the log does not, and the reverse."""
        for entry_id in self._foreign:
            yield f"entry {entry_id} of FID {SERVICE_FID} names no API client"
        missing = {*self._created, *self._revoked}
        for client in clients:
            missing.discard(client.name)
            entry = self._created.get(client.name)
            if entry is None and client.name not in self._known:
                yield f"the API client {client.name} has no intact entry of its creation"
            if entry is not None:
                yield from _differences(client, entry)
            if client.name in self._revoked and client.revoked_at is None:
                yield f"the API client {client.name} was revoked, and is active again"
        for name in sorted(missing):
            yield f"the API client {name} is missing"


def _differences(client: ApiClient, entry: dict[str, object]) -> Iterator[str]:
    for member, value in description_of(client).items():
        if member not in _CHANGED_LATER and entry.get(member) != value:
            yield f"{member} of the API client {client.name} differs from the entry of its creation"
