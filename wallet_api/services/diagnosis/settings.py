"""What the settings alone say: each question about them is a function, each answer a Diagnosis."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from wallet_api.config import ConfigurationError, Settings


class State(StrEnum):
    """How much something matters: only a fault keeps the service from serving."""

    FINE = "fine"
    ADVICE = "advice"
    FAULT = "fault"


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What was looked at, and how to mend it if it is not fine."""

    state: State
    what: str
    remedy: str | None = None


_MAKE_ONE = "`openssl rand -base64 32`."
# How to mend a variable. What the others must be is in the fault itself.
_REMEDIES = {
    "DATABASE_URL": "Set DATABASE_URL=postgresql://<role>:<password>@<host>/<database>; in a "
    "password %, @, / and : are written %25, %40, %2F and %3A.",
    "ENCRYPTION_SECRET": "Set the one that the wallets are sealed under (ALLOW_SHORT_SECRET=true "
    f"if it is short); for a new database: {_MAKE_ONE}",
    "JWT_SECRET": f"Make one, for this alone: {_MAKE_ONE}",
    "METRICS_TOKEN": f"Leave it out, or make one: {_MAKE_ONE}",
    "DEMO_FID": "Take DEMO_FID away: it is for development alone.",
}
_REMEDIES_OF_WARNINGS = {
    "ENCRYPTION_SECRET": "Change over to another one: docs/operations.md, Another secret.",
    "DEMO_FID": _REMEDIES["DEMO_FID"],
}
# From here on a name is taken for another one's misspelling.
_ALIKE = 0.9


class _Noted(dict[str, str]):
    """An environment that notes which variables were asked for."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        super().__init__(environ)
        self.asked: set[str] = set()

    def get(self, name: str, default: str = "") -> str:  # type: ignore[override]
        self.asked.add(name)
        return super().get(name, default)


def read(environ: Mapping[str, str]) -> tuple[Settings | None, list[Diagnosis]]:
    """Read the settings as the service does; None if it would not start with them."""
    noted = _Noted(environ)
    try:
        settings = Settings.from_environ(noted)
    except ConfigurationError as error:
        return None, [*faults_of(error), *_misspelt(noted)]
    return settings, [*_warnings(settings), *_misspelt(noted)]


def faults_of(error: ConfigurationError) -> list[Diagnosis]:
    """Say how to mend each fault of a configuration."""
    otherwise = "Set it so, or take it away; docs/configuration.md says what it means."
    return [
        Diagnosis(
            state=State.FAULT,
            what=line,
            remedy=_REMEDIES.get(line.split()[0], otherwise),
        )
        for line in error.faults
    ]


def advise(settings: Settings, environ: Mapping[str, str]) -> list[Diagnosis]:
    """Say what is unusual, or not what its owner may think."""
    given = [
        _keys(settings),
        _origins(settings),
        _proxy(settings, environ),
        _metrics(settings),
    ]
    return [diagnosis for diagnosis in given if diagnosis is not None]


def _warnings(settings: Settings) -> list[Diagnosis]:
    return [
        _advice(line, _REMEDIES_OF_WARNINGS[line.split()[0]]) for line in settings.warnings
    ] or [Diagnosis(state=State.FINE, what="every variable can be read")]


def _misspelt(noted: _Noted) -> list[Diagnosis]:
    unknown = sorted(name for name in noted if name not in noted.asked)
    return [
        _advice(f"{name} is not a setting", f"Is {meant[0]} meant? Nothing else reads it.")
        for name in unknown
        if (meant := difflib.get_close_matches(name, noted.asked, 1, _ALIKE))
    ]


def _keys(settings: Settings) -> Diagnosis | None:
    if not settings.allow_key_export:
        return None
    return _advice(
        "ALLOW_KEY_EXPORT is true: whoever has a user's token gets that user's private key",
        "Take ALLOW_KEY_EXPORT away, unless users are meant to export their keys.",
    )


def _origins(settings: Settings) -> Diagnosis | None:
    if settings.cors_origins:
        return None
    return _advice(
        "CORS_ORIGINS is empty: no page of another host may call",
        "Where the mini app is on another host: CORS_ORIGINS=https://app.example.com",
    )


def _proxy(settings: Settings, environ: Mapping[str, str]) -> Diagnosis | None:
    # Platforms that set PORT have a proxy in front.
    if settings.trusted_proxy_hops or not environ.get("PORT"):
        return None
    return _advice(
        "PORT is given, but TRUSTED_PROXY_HOPS is 0: behind a proxy all users share its limit",
        "Behind one proxy (Heroku's router, say) set TRUSTED_PROXY_HOPS=1.",
    )


def _metrics(settings: Settings) -> Diagnosis | None:
    if settings.metrics_token is not None:
        return None
    return _advice(
        "METRICS_TOKEN is not set: /metrics is off, and nobody sees a key that does not open",
        f"Set METRICS_TOKEN, for Prometheus too: {_MAKE_ONE}",
    )


def _advice(what: str, remedy: str) -> Diagnosis:
    return Diagnosis(state=State.ADVICE, what=what, remedy=remedy)
