"""What no log line of the test run may contain."""

from types import SimpleNamespace

# Searched at the end of each process of the run.
LEAKS = SimpleNamespace(secrets=set(), logs=[])


def secrets_in(text: str) -> int:
    """Count the secrets of the run that a text holds."""
    return sum(secret in text for secret in LEAKS.secrets)
