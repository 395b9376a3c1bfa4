"""Signatures of trading wallets."""
