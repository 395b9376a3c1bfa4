"""The entry point `python -m wallet_api.server`: gunicorn with our settings."""

import argparse
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from flask import Flask
from gunicorn.app.base import Application

from wallet_api.config import ConfigurationError
from wallet_api.server.gunicorn_settings import OPTIONS, load


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Exit with a message of one line."""
        self.exit(2, f"Error: {message}. See `wallet-api serve --help`.\n")


class Server(Application):
    """gunicorn with our settings, then GUNICORN_CMD_ARGS, then `options`. It reads no file."""

    def __init__(self, options: Sequence[str]) -> None:
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        """Load the configuration, at the start and at each reload."""
        parser = _Parser(prog="wallet-api serve", add_help=False)
        for name in OPTIONS:
            self.cfg.settings[name].add_option(parser)
        given = [
            parser.parse_args(words) for words in (self.cfg.get_cmd_args_from_env(), self._options)
        ]
        changes = [vars(options) for options in given]
        for settings in (load(), *changes):
            for name, value in settings.items():
                if value is not None:
                    self._set(parser, name, value)

    def _set(self, parser: _Parser, name: str, value: Any) -> None:
        """Set an option. gunicorn reports a wrong value without its name, and some later."""
        try:
            self.cfg.set(name, value)
            if name == "bind":
                _ = self.cfg.address
        except (RuntimeError, TypeError, ValueError) as error:
            option = self.cfg.settings[name].cli[-1]
            parser.error(f"{option}: {str(error).rstrip('.')}")

    def load(self) -> Flask:
        """Build the application in the master."""
        from wallet_api.app import create_app  # noqa: PLC0415 (its metrics need load() first)

        try:
            return create_app()
        except ConfigurationError as error:
            sys.exit(str(error))


def main() -> None:
    """Serve HTTP until SIGTERM."""
    options = sys.argv[1:]
    # gunicorn starts a new master (USR2) with sys.argv, which lacks `python -m` by default.
    sys.argv = sys.orig_argv[1:]
    Server(options).run()


if __name__ == "__main__":
    main()
