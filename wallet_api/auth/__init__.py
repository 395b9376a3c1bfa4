"""Authentication tokens and rate limits. Nothing here depends on HTTP routes or SQL."""
