"""Wallets in JSON files, as the old service keeps them."""
