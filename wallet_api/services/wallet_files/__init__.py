"""Wallet files of the old service: import, export, verification, serving."""
