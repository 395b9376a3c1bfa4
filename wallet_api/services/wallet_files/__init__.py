"""Wallet files of the old service: importing, exporting, verifying."""
