"""The routes for users (/api) and for other services (/v1)."""

from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self, cast

import httpx

from wallet_api_client.account import WalletAccount
from wallet_api_client.types import Asset, Deposit, RecordedDeposit, Wallet


class Refusal(Exception):
    """An error response. Its text is a sentence for the user."""

    def __init__(self, response: httpx.Response) -> None:
        try:
            problem: dict[str, Any] = response.json()
        except ValueError:
            # A proxy may have answered with its own page.
            problem = {}
        super().__init__(problem.get("error", "Something went wrong. Please try again."))
        self.code: str = problem.get("code", "unknown")
        self.status = response.status_code
        self.problem = problem
        """All members of the response (RFC 9457)."""
        self.request_id = response.headers.get("X-Request-Id")
        """Identifies the request in the service's log."""
        seconds = response.headers.get("Retry-After", "")
        self.retry_after = int(seconds) if seconds.isdecimal() else None
        """Seconds to wait before a retry: with 429, 503, and some 409."""


def _raise_refusal(response: httpx.Response) -> None:
    if not response.is_success:
        response.read()
        raise Refusal(response)


class _Api:
    """A client with one token. It raises Refusal for each error response, and does not retry."""

    def __init__(self, url: str, token: str, *, timeout: float = 15.0) -> None:
        """`url` is that of the service, such as https://wallets.example.com."""
        self._http = httpx.Client(
            base_url=url,
            headers={"Authorization": f"Bearer {token}"},
            timeout=timeout,
            event_hooks={"response": [_raise_refusal]},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _pages(self, path: str) -> Iterator[Any]:
        query: dict[str, str] = {}
        while True:
            page = self._http.get(path, params=query).json()
            yield from page["data"]
            if page["next_cursor"] is None:
                return
            query = {"cursor": page["next_cursor"]}


class UserApi(_Api):
    """The routes of /api for one user, with the user's session token."""

    def prepare_deposit(
        self,
        amount: str,
        *,
        asset: Asset = "USDC",
        base_address: str | None = None,
        idempotency_key: str,
    ) -> Deposit:
        """Prepare a deposit. Use the same key for the retries of one attempt.

        `base_address` is the sender. Default: the address that was stored at sign-in.
        """
        body = {"asset": asset, "amount": amount}
        if base_address is not None:
            body["baseAddress"] = base_address
        headers = {"Idempotency-Key": idempotency_key}
        response = self._http.post("/api/wallet/deposit", json=body, headers=headers)
        return cast(Deposit, response.json())

    def deposits(self) -> Iterator[RecordedDeposit]:
        """Yield the user's prepared deposits, newest first."""
        return self._pages("/api/wallet/deposits")

    def deposit(self, deposit_id: str) -> RecordedDeposit:
        """Return a prepared deposit of the user by its `id`."""
        response = self._http.get(f"/api/wallet/deposits/{deposit_id}")
        return cast(RecordedDeposit, response.json())


class ServiceApi(_Api):
    """The routes of /v1 for other services, with the token of an API client."""

    def ensure_wallet(self, fid: int) -> Wallet:
        """Return the user's trading wallet, creating it if needed. Needs wallets:write."""
        return cast(Wallet, self._http.put(f"/v1/users/{fid}/wallets/ethereum").json())

    def wallet(self, fid: int) -> Wallet:
        """Return the user's trading wallet. Needs wallets:read."""
        return cast(Wallet, self._http.get(f"/v1/users/{fid}/wallets/ethereum").json())

    def deposits(self, fid: int) -> Iterator[RecordedDeposit]:
        """Yield a user's prepared deposits, newest first. Needs wallets:read."""
        return self._pages(f"/v1/users/{fid}/deposits")

    def deposit(self, deposit_id: str) -> RecordedDeposit:
        """Return a prepared deposit of any user by its `id`. Needs wallets:read."""
        return cast(RecordedDeposit, self._http.get(f"/v1/deposits/{deposit_id}").json())

    def account(
        self, fid: int, *, chain_id: int, address: str, reason: str | None = None
    ) -> WalletAccount:
        """Return an eth-account account that signs in the service. Needs wallets:sign.

        `address` is that of the user's trading wallet. `reason` is for the audit log.
        """
        return WalletAccount(self._http, fid=fid, chain_id=chain_id, address=address, reason=reason)
