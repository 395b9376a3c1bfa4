"""Wallets in the JSON files of the old service."""
