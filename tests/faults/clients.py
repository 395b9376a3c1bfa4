"""API clients that are created on the command line."""

from tests.leaks import LEAKS
from wallet_api.models import SCOPES


def made(clients, name, *options, scopes=SCOPES):
    """Make a client on the command line, and return its token."""
    given = [option for scope in scopes for option in ("--scope", scope)]
    done = clients("create", "--name", name, *given, *options)
    assert done.status == 0, done.err
    LEAKS.secrets.add(done.out.strip())
    return done.out.strip()
