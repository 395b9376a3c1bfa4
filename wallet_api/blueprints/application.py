"""What a request handler can reach: the services of this process."""

from dataclasses import dataclass

from flask import Flask, current_app

from wallet_api.auth.quick_auth import QuickAuth
from wallet_api.auth.user_tokens import UserTokens
from wallet_api.database import Database
from wallet_api.services.base_account_wallets import BaseAccountWalletService
from wallet_api.services.deposits import DepositService
from wallet_api.services.readiness import ReadinessService

_EXTENSION = "wallet_api"


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """The services that one process shares among its requests."""

    database: Database
    wallets: BaseAccountWalletService
    deposits: DepositService
    readiness: ReadinessService
    user_tokens: UserTokens
    quick_auth: QuickAuth
    allow_key_export: bool

    def init_app(self, app: Flask) -> None:
        """Make these services the ones of `app`."""
        app.extensions[_EXTENSION] = self


def application(app: Flask = current_app) -> Application:
    """Return the services of `app`, or of the app that serves the current request."""
    services: Application = app.extensions[_EXTENSION]
    return services
