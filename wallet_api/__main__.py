"""`python -m wallet_api` is `wallet-api`, for places where only the requirements are installed."""

from wallet_api.cli import main

main()
