"""Farcaster Quick Auth: verifying the JWT that a mini app's user brings."""

import threading
import time

import jwt
from jwt import PyJWKClient

from wallet_api.auth.fids import parse_fid
from wallet_api.crypto.secret import Secret
from wallet_api.errors import SignInUnavailable, Unauthenticated

# Pinned: the issuer's JWKS names no algorithm, and a token must not choose its own.
_ALGORITHM = "RS256"
_LEEWAY_SECONDS = 30


class QuickAuth:
    """Verify Quick Auth tokens against the issuer's published keys.

    The key set is cached for five minutes, and a token with an unknown key id makes us fetch again
    at most every 30 seconds. A cached set outlives a failing issuer until it expires.
    """

    def __init__(
        self,
        *,
        issuer: str,
        audiences: tuple[str, ...],
        jwks_url: str,
        timeout_seconds: float = 5,
        cooldown_seconds: float = 30,
    ) -> None:
        self._issuer = issuer
        self._audiences = audiences
        self._jwks = PyJWKClient(jwks_url, timeout=timeout_seconds)
        self._cooldown_seconds = cooldown_seconds
        self._refresh = threading.Lock()
        self._refreshed_at = float("-inf")

    def verify(self, token: Secret[str]) -> int:
        """Return the FID of the user who brings this token.

        Raises Unauthenticated for a token that is malformed, foreign, expired or for another app,
        and SignInUnavailable when the issuer's keys cannot be had or no audience is configured.
        """
        if not self._audiences:
            raise SignInUnavailable("QUICK_AUTH_AUDIENCE is not set")
        try:
            claims = jwt.decode(
                token.reveal(),
                self._signing_key(token),
                algorithms=[_ALGORITHM],
                issuer=self._issuer,
                audience=list(self._audiences),
                leeway=_LEEWAY_SECONDS,
                # `sub` is a number here, which PyJWT refuses; it is checked below.
                options={"require": ["exp", "iat", "iss", "aud", "sub"], "verify_sub": False},
            )
        except (jwt.InvalidTokenError, RecursionError, UnicodeError) as error:
            raise Unauthenticated from error
        fid = parse_fid(claims["sub"])
        if fid is None:
            raise Unauthenticated
        return fid

    def _signing_key(self, token: Secret[str]) -> jwt.PyJWK:
        header = jwt.get_unverified_header(token.reveal())
        kid = header.get("kid")
        # Refused before the issuer is asked, so that garbage costs nobody a request.
        if header.get("alg") != _ALGORITHM or not isinstance(kid, str):
            raise Unauthenticated
        key = self._jwks.match_kid(self._keys(), kid)
        if key is None and self._may_refresh():
            key = self._jwks.match_kid(self._keys(refresh=True), kid)
        if key is None:
            # The issuer has no such key, as far as we know.
            raise Unauthenticated
        return key

    def _keys(self, *, refresh: bool = False) -> list[jwt.PyJWK]:
        try:
            return self._jwks.get_signing_keys(refresh)
        except (jwt.PyJWTError, OSError, ValueError, RecursionError) as error:
            raise SignInUnavailable(f"{self._jwks.uri} gave no key set") from error

    def _may_refresh(self) -> bool:
        """Let one token in each cool-down ask for newer keys, whether the issuer answers or not.

        PyJWKClient.get_signing_key() would ask for every token while the issuer fails, and make
        the tokens whose keys we have wait meanwhile.
        """
        with self._refresh:
            now = time.monotonic()
            if now - self._refreshed_at < self._cooldown_seconds:
                return False
            self._refreshed_at = now
            return True
