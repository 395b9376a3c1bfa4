"""Verification of Farcaster Quick Auth tokens."""

import jwt

from wallet_api.auth.fids import parse_fid
from wallet_api.auth.issuer_keys import IssuerKeys
from wallet_api.crypto.secret import Secret
from wallet_api.errors import SignInUnavailable, Unauthenticated

# Pinned, because the issuer's JWKS names no algorithm, and a token must not choose its own.
_ALGORITHM = "RS256"
_LEEWAY_SECONDS = 30


class QuickAuth:
    """Verify Quick Auth tokens against the published keys of the issuer."""

    def __init__(self, keys: IssuerKeys, *, issuer: str, audiences: tuple[str, ...]) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audiences = audiences

    def verify(self, token: Secret[str]) -> int:
        """Return the FID of the user whom this token authenticates.

        Raises Unauthenticated if the token is malformed, expired, from another issuer or for
        another audience, and SignInUnavailable if the issuer's keys are not available or no
        audience is configured.
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
                # `sub` is a number, which PyJWT rejects. It is checked below.
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
        # Reject malformed tokens before the keys are fetched.
        if header.get("alg") != _ALGORITHM or not isinstance(kid, str):
            raise Unauthenticated
        key = self._keys.find(kid)
        if key is None:
            raise Unauthenticated
        return key
