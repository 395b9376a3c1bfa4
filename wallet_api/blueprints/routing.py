"""A blueprint whose routes declare their policy and document their errors."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask_smorest import Blueprint as SmorestBlueprint

from wallet_api import errors
from wallet_api.blueprints.access_control import AuthPolicy
from wallet_api.blueprints.body_parser import BodyParser
from wallet_api.blueprints.problems import example, status_of
from wallet_api.blueprints.schemas.bases import Problem

View = TypeVar("View", bound=Callable[..., Any])

_TOO_LARGE = 413
_NOT_JSON = 415
_COMMON_ERRORS = (
    errors.InvalidRequest,
    _TOO_LARGE,
    errors.TooManyRequests,
    errors.ServiceUnavailable,
)


class Blueprint(SmorestBlueprint):
    """A flask-smorest blueprint with strict parsing, policies and documented errors."""

    ARGUMENTS_PARSER = BodyParser()

    def arguments(self, schema: Any, **options: Any) -> Any:
        """Parse arguments with one instance of the schema. webargs would make one per request."""
        return super().arguments(schema() if isinstance(schema, type) else schema, **options)

    def requires(
        self, policy: AuthPolicy, *refusals: type[errors.WalletApiError] | int, **operation: Any
    ) -> Callable[[View], View]:
        """Serve only requests that satisfy `policy`. Put it directly below the route decorator.

        The other arguments are only documented: `refusals` are errors that the view itself may
        raise (a number is a status without a class), `operation` are members of the OpenAPI
        operation.
        """
        scopes = [policy.scope] if policy.scope else []
        operation["security"] = [{scheme: scopes} for scheme in policy.security]
        if policy.scope:
            operation["description"] = f"Needs the scope `{policy.scope}`."

        def decorate(view: View) -> View:
            view.auth_policy = policy  # type: ignore[attr-defined]
            documented = self.doc(**operation)(view)
            arguments = documented._apidoc.setdefault("arguments", {})
            # Replaced by the documented errors below.
            arguments.pop("responses", None)
            documented_errors: list[type[errors.WalletApiError] | int]
            documented_errors = [*refusals, *policy.refusals, *_COMMON_ERRORS]
            if any(given["in"] == "json" for given in arguments.get("parameters", [])):
                documented_errors.append(_NOT_JSON)
            by_status: dict[int, list[dict[str, Any]]] = {}
            for refusal in dict.fromkeys(documented_errors):
                problem = _example(refusal)
                by_status.setdefault(problem["status"], []).append(problem)
            responses = documented._apidoc.setdefault("response", {}).setdefault("responses", {})
            for status, answers in self._document_errors(by_status).items():
                responses.setdefault(status, []).extend(answers)
            # Keep only the documentation of the wrapped view, and return the view itself.
            view._apidoc = documented._apidoc  # type: ignore[attr-defined]
            return view

        return decorate

    def _document_errors(self, by_status: dict[int, list[dict[str, Any]]]) -> dict[int, list[Any]]:
        """Return the documentation of error responses in flask-smorest's format.

        Built on an empty function, because each decorator deep-copies all earlier documentation.
        """

        def documented() -> None: ...

        for status, problems in sorted(by_status.items()):
            documented = self.alt_response(
                status,
                schema=Problem,
                content_type="application/problem+json",
                description="\n\n".join(dict.fromkeys(problem["error"] for problem in problems)),
                examples={problem["code"]: {"value": problem} for problem in problems},
            )(documented)
        answers: dict[int, list[Any]] = documented._apidoc["response"]["responses"]  # type: ignore[attr-defined]
        return answers


def _example(refusal: type[errors.WalletApiError] | int) -> dict[str, Any]:
    if isinstance(refusal, int):
        return example(refusal)
    return example(status_of(refusal), refusal.code, refusal.sentence())
