"""Pagination: signed cursors and the link to the next page."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import urlencode

from flask import request
from itsdangerous import BadData, URLSafeSerializer

from wallet_api.crypto.secret import Secret
from wallet_api.errors import InvalidCursor
from wallet_api.models import Page, PageRequest, Position

T = TypeVar("T", int, str)

LINK_HEADER = {"Link": {"description": 'The next page (rel="next").', "schema": {"type": "string"}}}
"""The documentation of the header that page_response() returns."""


class Cursors:
    """Signed positions in lists.

    A cursor is valid only for the path and the filters of the page that returned it.
    """

    def __init__(self, secret: Secret[str]) -> None:
        self._serializer = URLSafeSerializer(
            secret.reveal(),
            salt="wallet-api/cursor/v1",
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )

    def _read(self, cursor: str | None, kind: type[T]) -> Position[T] | None:
        if cursor is None:
            return None
        try:
            fingerprint, time, fid, rest = self._serializer.loads(cursor)
        except (BadData, ValueError, RecursionError) as error:
            raise InvalidCursor from error
        if fingerprint != _query_fingerprint():
            raise InvalidCursor
        return datetime.fromisoformat(time), fid, kind(rest)

    def page_request(self, query: Mapping[str, Any], kind: type[T]) -> PageRequest[T]:
        """Return the page that a PageQuery asks for. Raises InvalidCursor."""
        return PageRequest(after=self._read(query["cursor"], kind), limit=query["limit"])

    def page_response(self, page: Page[Any, T]) -> tuple[dict[str, Any], dict[str, str]]:
        """Return the response body of a page, and the Link header of the next one."""
        body = {"data": page.items, "next_cursor": None, "has_more": page.next is not None}
        if page.next is None:
            return body, {}
        time, fid, rest = page.next
        cursor = self._serializer.dumps([_query_fingerprint(), time.isoformat(), fid, rest])
        parameters = {**request.args.to_dict(), "cursor": cursor}
        link = f'<{request.path}?{urlencode(parameters)}>; rel="next"'
        return {**body, "next_cursor": cursor}, {"Link": link}


def _query_fingerprint() -> str:
    """Return a fingerprint of the path and the filters, without `cursor` and `limit`."""
    filters = {n: v for n, v in request.args.items() if n not in ("cursor", "limit")}
    text = json.dumps([request.path, filters], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
