"""A blueprint whose routes say who may call them, and whose documentation says what they answer."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask_smorest import Blueprint as SmorestBlueprint

from wallet_api import errors
from wallet_api.blueprints.callers import Caller
from wallet_api.blueprints.problems import STATUS_OF, example
from wallet_api.blueprints.requests import BodyParser
from wallet_api.blueprints.schemas import Problem

View = TypeVar("View", bound=Callable[..., Any])

_ANY_ROUTE = (errors.InvalidRequest, errors.TooManyRequests, errors.ServiceUnavailable)
_TOO_LARGE = 413
_NOT_JSON = 415


class Blueprint(SmorestBlueprint):
    """A flask-smorest blueprint that reads input strictly and documents its refusals."""

    ARGUMENTS_PARSER = BodyParser()

    def opened_by(
        self, caller: Caller, *refusals: type[errors.WalletApiError]
    ) -> Callable[[View], View]:
        """Let `caller` in, and nobody else. Goes directly below the decorator with the path.

        `refusals` are what the view itself may raise; for the documentation alone.
        """

        def decorate(view: View) -> View:
            view.caller = caller  # type: ignore[attr-defined]
            documented = self.doc(security=[{scheme: []} for scheme in caller.security])(view)
            by_status: dict[int, list[dict[str, Any]]] = {}
            told: list[type[errors.WalletApiError]] = [*refusals, *caller.refusals, *_ANY_ROUTE]
            for refusal in dict.fromkeys(told):
                problem = example(STATUS_OF[refusal], refusal.code, refusal.sentence())
                by_status.setdefault(STATUS_OF[refusal], []).append(problem)
            takes = documented._apidoc.setdefault("arguments", {})
            # Replaced by ours, which says which refusals there are.
            takes.pop("responses", None)
            by_status[_TOO_LARGE] = [example(_TOO_LARGE)]
            if any(given["in"] == "json" for given in takes.get("parameters", [])):
                by_status[_NOT_JSON] = [example(_NOT_JSON)]
            for status, problems in sorted(by_status.items()):
                documented = self.alt_response(
                    status,
                    schema=Problem,
                    content_type="application/problem+json",
                    description=" ".join(dict.fromkeys(problem["error"] for problem in problems)),
                    examples={problem["code"]: {"value": problem} for problem in problems},
                )(documented)
            # What documents has wrapped the view seven times by now; none of that is to be run.
            view._apidoc = documented._apidoc  # type: ignore[attr-defined]
            return view

        return decorate
