"""Checks of the settings themselves, without trying what they name."""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from wallet_api.config import OPENSSL_RAND, ConfigurationError, Settings


class State(StrEnum):
    """The severity of a diagnosis; only a fault prevents the service from serving."""

    FINE = "fine"
    ADVICE = "advice"
    FAULT = "fault"


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """The result of a check, and how to fix it if it is not fine.

    `code` is that of the alarm that a process in this state would raise.
    """

    state: State
    what: str
    remedy: str | None = None
    code: str | None = None


# The similarity from which a name counts as a misspelling.
_SIMILARITY = 0.9


class _RecordingEnviron(dict[str, str]):
    """An environment that records which variables were read."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        super().__init__(environ)
        self.names_read: set[str] = set()

    def get(self, name: str, default: str = "") -> str:  # type: ignore[override]
        self.names_read.add(name)
        return super().get(name, default)


def read(environ: Mapping[str, str]) -> tuple[Settings | None, list[Diagnosis]]:
    """Return the settings, or None if the service would not start, and the diagnoses."""
    recording = _RecordingEnviron(environ)
    try:
        settings = Settings.from_environ(recording)
    except ConfigurationError as error:
        return None, [*faults_of(error), *_misspelled(recording)]
    return settings, [*_warnings(settings), *_misspelled(recording)]


def faults_of(error: ConfigurationError) -> list[Diagnosis]:
    """Return a diagnosis for each fault of a configuration."""
    return [fault(str(found), found.remedy) for found in error.faults]


def advise(settings: Settings, environ: Mapping[str, str]) -> Iterator[Diagnosis]:
    """Yield advice on valid but unusual or misleading settings."""
    if settings.allow_key_export:
        yield advice(
            "ALLOW_KEY_EXPORT is true: anyone with a user's token gets that user's private key",
            "Remove ALLOW_KEY_EXPORT, unless users should export their keys.",
        )
    if not settings.cors_origins:
        yield advice(
            "CORS_ORIGINS is empty: no page of another host may call the API",
            "If the mini app is on another host, set CORS_ORIGINS=https://app.example.com",
        )
    # Platforms that set PORT have a proxy in front.
    if environ.get("PORT") and not settings.trusted_proxy_hops:
        yield advice(
            "PORT is set, but TRUSTED_PROXY_HOPS is 0: behind a proxy all users share its rate "
            "limit",
            "Behind one proxy (such as Heroku's router) set TRUSTED_PROXY_HOPS=1.",
        )
    if settings.metrics_token is None:
        yield advice(
            "METRICS_TOKEN is not set: /metrics is off, and no alert reports an unreadable key",
            f"Set METRICS_TOKEN, for Prometheus too: {OPENSSL_RAND}",
        )


def _warnings(settings: Settings) -> list[Diagnosis]:
    return [advice(str(warning), warning.remedy) for warning in settings.warnings] or [
        fine("every variable is valid")
    ]


def _misspelled(recording: _RecordingEnviron) -> list[Diagnosis]:
    unknown = sorted(name for name in recording if name not in recording.names_read)
    return [
        advice(f"{name} is not a setting", f"Did you mean {similar[0]}?")
        for name in unknown
        if (similar := difflib.get_close_matches(name, recording.names_read, 1, _SIMILARITY))
    ]


def fine(what: str) -> Diagnosis:
    """Return a diagnosis without a fault."""
    return Diagnosis(state=State.FINE, what=what)


def advice(what: str, remedy: str) -> Diagnosis:
    """Return a diagnosis that does not prevent the service from serving."""
    return Diagnosis(state=State.ADVICE, what=what, remedy=remedy)


def fault(what: str, remedy: str, code: str | None = None) -> Diagnosis:
    """Return a diagnosis that prevents the service from serving."""
    return Diagnosis(state=State.FAULT, what=what, remedy=remedy, code=code)
