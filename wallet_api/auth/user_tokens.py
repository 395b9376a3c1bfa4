"""Session tokens: JWTs (RFC 7519) signed with HS256 under JWT_SECRET."""

import time

import jwt

from wallet_api.auth.fids import parse_fid
from wallet_api.config import TokenSettings
from wallet_api.crypto.secret import Secret
from wallet_api.errors import FidRequired, Unauthenticated

_ALGORITHM = "HS256"
_LEEWAY_SECONDS = 30


class UserTokens:
    """Issue and verify the tokens that authenticate users."""

    def __init__(self, settings: TokenSettings) -> None:
        self._settings = settings

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
        return valid
