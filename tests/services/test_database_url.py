"""A URL of any form leads every program to the same server, database and role."""

import getpass
import shutil
import socket
import subprocess
from contextlib import suppress
from urllib.parse import quote

import psycopg
import pytest

from tests.commands import Running, kept_environ
from tests.factories import SECRET
from tests.leaks import LEAKS
from wallet_api.config import read_database_url
from wallet_api.database import Database, connection_error
from wallet_api.development.postgres import LocalPostgres
from wallet_api.services.migrations import expected_versions

ROLE = "o'wner@x: ä"
PASSWORD = "p@ss/w:rd?#%&=+ ä💸\\'\""
DATABASE = "db@ä /x?&#%'"
LEAKS.secrets.update({PASSWORD, quote(PASSWORD, safe="")})
U, P, D = (quote(text, safe="") for text in (ROLE, PASSWORD, DATABASE))


def has_ipv6():
    with suppress(OSError), socket.socket(socket.AF_INET6) as probe:
        probe.bind(("::1", 0))
        return True
    return False


class Reachable(LocalPostgres):
    """A server that listens on IPv6 and on a Unix socket too."""

    def _server_command(self):
        addresses = f"{self.host},::1" if has_ipv6() else self.host
        sockets = f"--unix_socket_directories={self.home}"
        return [*super()._server_command(), f"--listen_addresses={addresses}", sockets]


@pytest.fixture(scope="module")
def reachable(tmp_path_factory):
    """A server with a role, a database and a password of awkward characters."""
    with Reachable(tmp_path_factory.mktemp("reachable"), durable=False) as postgres:
        postgres.home.chmod(0o755)
        names = psycopg.sql.Identifier
        with psycopg.connect(postgres.url("postgres"), autocommit=True) as admin:
            make = psycopg.sql.SQL("create role {} superuser login password {}")
            for role in {ROLE, getpass.getuser()} - {postgres.user}:
                admin.execute(make.format(names(role), psycopg.sql.Literal(PASSWORD)))
        yield postgres
    shutil.rmtree(postgres.home)


@pytest.fixture
def database(reachable):
    """An empty database of the awkward name, and one named as the role."""
    with psycopg.connect(reachable.url("postgres"), autocommit=True) as admin:
        names = [psycopg.sql.Identifier(name) for name in (DATABASE, ROLE)]
        for name in names:
            admin.execute(psycopg.sql.SQL("create database {}").format(name))
        yield
        for name in names:
            admin.execute(psycopg.sql.SQL("drop database {} with (force)").format(name))


@pytest.fixture
def environ(reachable, tmp_path):
    """What the URLs refer to: a service file, and a file of passwords."""
    services = tmp_path / "services"
    services.write_text(
        f"[wallets]\nhost=127.0.0.1\nport={reachable.port}\nuser={ROLE}\npassword={PASSWORD}\n"
        f"dbname={DATABASE}\n"
    )
    passwords = tmp_path / "passwords"
    escaped = PASSWORD.replace("\\", "\\\\").replace(":", "\\:")
    passwords.write_text(f"*:*:*:*:{escaped}\n")
    passwords.chmod(0o600)
    return {"PGSERVICEFILE": str(services), "passwords": str(passwords)}


FORMS = {
    "postgresql": "postgresql://{U}:{P}@127.0.0.1:{port}/{D}",
    "postgres": "postgres://{U}:{P}@127.0.0.1:{port}/{D}",
    "a host's name": "postgresql://{U}:{P}@localhost:{port}/{D}",
    "an IPv6 literal": "postgresql://{U}:{P}@[::1]:{port}/{D}",
    "an IPv6 host": "postgresql://{U}:{P}@/{D}?host=::1&port={port}",
    "an address only": "postgresql://{U}:{P}@:{port}/{D}?hostaddr=127.0.0.1",
    "an IPv6 address only": "postgresql://{U}:{P}@:{port}/{D}?hostaddr=::1",
    "a name and its address": "postgresql://{U}:{P}@db.invalid:{port}/{D}?hostaddr=127.0.0.1",
    "parameters only": "postgresql:///?host=127.0.0.1&port={port}&user={U}&password={P}&dbname={D}",
    "a socket in the host": "postgresql://{U}:{P}@{socket}:{port}/{D}",
    "a socket as parameter": "postgresql://{U}:{P}@/{D}?host={socket}&port={port}",
    "several hosts": "postgresql://{U}:{P}@127.0.0.1:1,localhost:{port}/{D}"
    "?target_session_attrs=read-write",
    "several kinds of host": "postgresql://{U}:{P}@/{D}?host={socket}missing,127.0.0.1&port={port}",
    "a service": "postgresql:///?service=wallets",
    "a service and more": "postgresql://?service=wallets&application_name=engine",
    "a file of passwords": "postgresql://{U}@127.0.0.1:{port}/{D}?passfile={passwords}",
    "no user": "postgresql://:{P}@127.0.0.1:{port}/{D}",
    "no database": "postgresql://{U}:{P}@127.0.0.1:{port}",
    "an empty database": "postgresql://{U}:{P}@127.0.0.1:{port}/",
    "a mode of TLS": "postgresql://{U}:{P}@127.0.0.1:{port}/{D}?sslmode=disable",
    "a choice of TLS": "postgresql://{U}:{P}@127.0.0.1:{port}/{D}?sslmode=allow",
    "options": "postgresql://{U}:{P}@127.0.0.1:{port}/{D}?options=-csearch_path%3Dpg_temp,app%20-c"
    "%20datestyle%3DGerman",
}
TARGETS = {"no user": (getpass.getuser(), DATABASE), "no database": (ROLE, ROLE)}
TARGETS["an empty database"] = TARGETS["no database"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "form",
    [pytest.param(form, marks=[] if form == "postgresql" else pytest.mark.slow) for form in FORMS],
)
@pytest.mark.usefixtures("database")
def test_every_program_reads_a_form_of_the_url_as_psql_does(
    form, reachable, environ, monkeypatch, tmp_path
):
    if "IPv6" in form and not has_ipv6():
        pytest.skip("NO IPv6 ON THIS MACHINE: ITS FORMS OF DATABASE_URL WERE NOT TRIED.")
    places = {"U": U, "P": P, "D": D, "port": reachable.port, "passwords": environ["passwords"]}
    url = FORMS[form].format(**places, socket=quote(str(reachable.home), safe=""))
    user, name = TARGETS.get(form, (ROLE, DATABASE))
    variables = {"DATABASE_URL": url, "PGSERVICEFILE": environ["PGSERVICEFILE"]}
    monkeypatch.setenv("PGSERVICEFILE", environ["PGSERVICEFILE"])
    if form == "options":
        with psycopg.connect(reachable.url(D), autocommit=True) as owner:
            owner.execute("create schema app")
    # psql, with which operators follow our pages.
    asked = "select current_user, current_database(), inet_server_port()"
    psql = subprocess.run(
        [reachable.bindir / "psql", "-XAtF|", "-c", asked, url],
        env=kept_environ(variables),
        capture_output=True,
        text=True,
        check=True,
    )
    assert psql.stdout.strip().split("|")[:2] == [user, name]
    # The service and the commands.
    read = read_database_url(variables)
    assert connection_error(read) is None
    database = Database(read, min_size=0, max_size=1, timeout_seconds=5)
    database.open()
    found = database.run(lambda connection: connection.execute(asked).fetchone())
    database.close()
    assert (found["current_user"], found["current_database"]) == (user, name)
    assert found["inet_server_port"] in (None, reachable.port)
    # dbmate.
    done = Running(("db", "upgrade"), kept_environ(variables), tmp_path).finish()
    assert (done.status, PASSWORD in done.out + done.err) == (0, False), done.err
    home = "app" if form == "options" else "public"
    with psycopg.connect(reachable.url(quote(name, safe=""))) as owner:
        versions = owner.execute(f"select version from {home}.schema_migrations").fetchall()
        assert {version for (version,) in versions} == expected_versions()
        assert owner.execute(
            "select tableowner from pg_tables where tablename = 'wallets'"
        ).fetchall() == [(user,)]
    # The replica is read in the same way.
    secrets = {"ENCRYPTION_SECRET": SECRET, "JWT_SECRET": SECRET[::-1]}
    settings = {**variables, **secrets, "DATABASE_REPLICA_URL": url}
    assert Running(("doctor",), kept_environ(settings), tmp_path).finish().status == 0
