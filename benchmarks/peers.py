"""The Node services of benchmarks/peer: their packages, their databases, and running them."""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psycopg
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from benchmarks.http_load import Server, free_port, started
from benchmarks.stores import Rows
from benchmarks.wallet_rows import Population
from benchmarks.wallet_store import encryption_key
from wallet_api.config import TokenSettings
from wallet_api.development.postgres import LocalPostgres

FASTIFY, NEXT = "fastify", "next"
_SOURCE = Path(__file__).with_name("peer")
# Outside the sources, because npm and Next.js write thousands of files.
_FOLDER = Path(__file__).parents[1] / "build" / "peer"
_NODE_MAJOR_VERSION = 20
_ROWS = "select fid, chain, wallet_type, address, created_at, updated_at from wallets order by id"
_COPY = (
    "copy wallets (fid, chain, wallet_type, address, created_at, updated_at,"
    " encrypted_private_key, iv) from stdin"
)


class PeerError(Exception):
    """The Node services cannot be built or run; the message says why."""


def missing() -> str | None:
    """Return what is missing to run the Node services, or None."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return "there is no Node with npm"
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    if int(version[1:].split(".")[0]) < _NODE_MAJOR_VERSION:
        return f"Node {_NODE_MAJOR_VERSION} or newer is required, and this is {version.strip()}"
    return None


def build() -> None:
    """Install the pinned packages, generate Prisma's client, and build the Next.js application.

    Nothing is done again while the sources are unchanged. Raises PeerError.
    """
    sources = [path for path in sorted(_SOURCE.rglob("*")) if path.is_file()]
    digest = hashlib.sha256(b"\0".join(path.read_bytes() for path in sources)).hexdigest()
    done = _FOLDER / ".built"
    if done.exists() and done.read_text() == digest:
        return
    shutil.rmtree(_FOLDER, ignore_errors=True)
    shutil.copytree(_SOURCE, _FOLDER)
    # Scripts of packages are not run.
    _run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")
    _run("node", "node_modules/prisma/build/index.js", "generate", "--schema=schema.prisma")
    _run("node", "node_modules/next/dist/bin/next", "build")
    done.write_text(digest)


def environ_of(
    url: str, secret: str, tokens: TokenSettings, *, processes: int, connections: int
) -> dict[str, str]:
    """Return the environment of a Node service that accepts our session tokens."""
    return {
        "NODE_ENV": "production",
        "DATABASE_URL": url,
        "ENCRYPTION_SECRET": secret,
        "JWT_SECRET": tokens.secret.reveal(),
        "JWT_ISSUER": tokens.issuer,
        "JWT_AUDIENCE": tokens.audience,
        "WEB_CONCURRENCY": str(processes),
        "DB_POOL_MAX": str(connections),
    }


def fill(postgres: LocalPostgres, name: str, rows: Rows, secret: str) -> str:
    """Create a database with the wallets of `rows`, and return its URL."""
    postgres.create_database(name)
    url = postgres.url(name)
    cipher = AESGCM(encryption_key(secret))
    with psycopg.connect(rows.url) as ours, psycopg.connect(url) as theirs:
        theirs.execute((_SOURCE / "schema.sql").read_bytes())
        with theirs.cursor().copy(_COPY) as stream:
            for row in ours.execute(_ROWS):
                stream.write_row([*row, *_sealed(cipher, rows.population, row)])
    with psycopg.connect(url, autocommit=True) as theirs:
        theirs.execute("vacuum (analyze)")
    return url


@contextmanager
def serving(name: str, environ: Mapping[str, str]) -> Iterator[Server]:
    """Run a Node service until the end of the block."""
    port = free_port()
    command = ["node", f"{name}.mjs"]
    with started(command, {**environ, "PORT": str(port)}, port, folder=_FOLDER) as server:
        yield server


def _sealed(
    cipher: AESGCM, population: Population, row: tuple[object, ...]
) -> tuple[str | None, str | None]:
    """Return the ciphertext and the nonce of a trading wallet's key."""
    fid, chain = row[:2]
    if chain != "ethereum":
        return None, None
    nonce = os.urandom(12)
    return cipher.encrypt(nonce, population.private_key(int(str(fid))), None).hex(), nonce.hex()


def _run(*command: str) -> None:
    environ = os.environ | {
        "NEXT_TELEMETRY_DISABLED": "1",
        "CHECKPOINT_DISABLE": "1",
        # Prisma downloads the engine of its migrations, which is not used, unless it has one.
        "PRISMA_SCHEMA_ENGINE_BINARY": shutil.which("node") or "",
        # Next.js loads the modules of its routes when it builds them.
        "ENCRYPTION_SECRET": "not used",
        "JWT_SECRET": "not used",
    }
    done = subprocess.run(
        command, cwd=_FOLDER, env=environ, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise PeerError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
