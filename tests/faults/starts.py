"""Programs that start the service, and their output."""

import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from tests.commands import wait_until
from tests.factories import BASE_ACCOUNT, FID
from tests.leaks import LEAKS
from tests.running_service import ROOT, RunningService, free_port

ENTRIES = [
    ["-m", "gunicorn", "wsgi:app"],
    ["-m", "wallet_api", "serve"],
    ["-c", "import wsgi"],
    ["-m", "waitress", "wallet_api.wsgi:app"],
]
BIN = Path(sys.executable).parent
GUNICORN = f"{BIN}/gunicorn --bind 127.0.0.1:$PORT wsgi:app"
SERVE = f"{BIN}/wallet-api serve --bind 127.0.0.1:$PORT"
COMMAND = f"{BIN}/wallet-api db upgrade"


def run_python(entry, environ):
    return subprocess.run(
        [sys.executable, *entry],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environ},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def started(line, environ, **options):
    """Start a shell's command line; its stderr is in the process's `stderr`."""
    return subprocess.Popen(
        ["sh", "-c", line], cwd=ROOT, env=environ, stderr=subprocess.PIPE, text=True, **options
    )


@contextmanager
def served(line, environ, log, **options):
    """Run a service by a shell's command line, until it has served a first deposit."""
    port = free_port()
    environ = {"PATH": os.environ["PATH"], "PORT": str(port), "WEB_CONCURRENCY": "1", **environ}
    LEAKS.logs.append(log)
    with log.open("ab") as stream:
        process = subprocess.Popen(
            ["sh", "-c", f"exec {line}"],
            **{"cwd": ROOT, "env": environ, "stdout": stream, "stderr": stream, **options},
        )
    service = RunningService(process, port, environ)
    try:
        wait_until(
            lambda: process.poll() is not None or service.get("/readyz").status == 200,
            seconds=90,
            # A request takes CPU time from the start that it waits for.
            pause=0.1,
        )
        assert process.poll() is None, log.read_text()
        first, second = (service.call(service.deposit(FID, base=BASE_ACCOUNT)) for _ in range(2))
        assert (first.status, second.status) == (200, 200), log.read_text()
        assert first.body["depositAddress"] == second.body["depositAddress"]
        yield service
    finally:
        service.stop()
        assert "Traceback" not in log.read_text()


OTHER_SERVERS = {
    "flask run": f"{BIN}/flask --app wsgi run --port $PORT",
    "waitress": f"{BIN}/waitress-serve --listen=127.0.0.1:$PORT wallet_api.wsgi:app",
    "wsgiref": (
        f"{sys.executable} -c 'import os, wsgi; from wsgiref.simple_server import make_server;"
        ' make_server("127.0.0.1", int(os.environ["PORT"]), wsgi.app).serve_forever()\''
    ),
    "wsgiref, which forks": (
        f"{sys.executable} -c 'import os, wsgi; from socketserver import ForkingMixIn;"
        " from wsgiref.simple_server import WSGIServer, make_server;"
        ' server = type("Server", (ForkingMixIn, WSGIServer), {});'
        ' make_server("127.0.0.1", int(os.environ["PORT"]), wsgi.app, server).serve_forever()\''
    ),
}
WITHOUT_SETTINGS = {
    "--config": (ROOT, ["--config=/dev/null", "wsgi:app"]),
    "-c": (ROOT, ["-c", "/dev/null", "wsgi:app"]),
    "-c python:": (ROOT, ["-c", "python:string", "wsgi:app"]),
    "--preload": (ROOT, ["-c", "/dev/null", "-w", "2", "--preload", "wsgi:app"]),
    "another worker class": (ROOT, ["-c", "/dev/null", "-k", "gthread", "wsgi:app"]),
    "--chdir": (Path("/"), ["--chdir", str(ROOT), "wsgi:app"]),
    "--pythonpath": (Path("/"), ["--pythonpath", str(ROOT), "wsgi:app"]),
    "the factory": (Path("/"), ["wallet_api.app:create_app()"]),
    "the module of the wheel": (Path("/"), ["wallet_api.wsgi:app"]),
}
