"""Session tokens: JWTs (RFC 7519), signed with JWT_SECRET (HS256)."""

import hashlib
import math
import time

import jwt

from wallet_api.auth.fids import parse_fid
from wallet_api.config import TokenSettings
from wallet_api.crypto.secret import Secret
from wallet_api.errors import FidRequired, Unauthenticated

_ALGORITHM = "HS256"
_LEEWAY_SECONDS = 30
# About 3 MB. After so many, all are verified again.
_MAX_VERIFIED = 10_000


class UserTokens:
    """Issue and verify the tokens that authenticate users.

    A token that was verified is not verified again until it expires. Only its digest is kept.
    """

    def __init__(self, settings: TokenSettings) -> None:
        self._settings = settings
        # By the SHA-256 of the token: the FID, and the time (Unix) at which it expires.
        self._verified: dict[bytes, tuple[int, float]] = {}

    def issue(self, fid: int) -> Secret[str]:
        """Return a token for this user that expires after the configured time."""
        now = int(time.time())
        claims = {
            "userId": f"fid_{fid}",
            "fid": fid,
            "iat": now,
            "exp": now + self._settings.ttl_seconds,
            "iss": self._settings.issuer,
            "aud": self._settings.audience,
        }
        return Secret(jwt.encode(claims, self._settings.secret.reveal(), algorithm=_ALGORITHM))

    def verify(self, token: Secret[str]) -> int:
        """Return the FID of the user whom a token authenticates.

        Raises Unauthenticated if the token is malformed, expired, changed, or has another issuer
        or audience, and FidRequired if it is valid but contains no valid FID.
        """
        digest = hashlib.sha256(token.reveal().encode(errors="surrogatepass")).digest()
        fid, expires_at = self._verified.get(digest, (0, -math.inf))
        if time.time() < expires_at:
            return fid
        fid, expires_at = self._verify(token)
        if len(self._verified) >= _MAX_VERIFIED:
            self._verified.clear()
        self._verified[digest] = fid, expires_at
        return fid

    def _verify(self, token: Secret[str]) -> tuple[int, float]:
        try:
            claims = jwt.decode(
                token.reveal(),
                self._settings.secret.reveal(),
                algorithms=[_ALGORITHM],
                issuer=self._settings.issuer,
                audience=self._settings.audience,
                leeway=_LEEWAY_SECONDS,
                options={"require": ["exp", "iat", "iss", "aud"]},
            )
        except (jwt.InvalidTokenError, RecursionError, UnicodeError) as error:
            raise Unauthenticated from error
        fid = claims.get("fid")
        # We issue the FID as a number. A string is not accepted.
        if isinstance(fid, str) or (valid := parse_fid(fid)) is None:
            raise FidRequired
        return valid, int(claims["exp"]) + _LEEWAY_SECONDS
