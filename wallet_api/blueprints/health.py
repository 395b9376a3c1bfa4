"""For load balancers and people on call."""

from flask import Response
from flask.typing import ResponseReturnValue

from wallet_api.blueprints.application import application
from wallet_api.blueprints.problems import problem
from wallet_api.blueprints.routing import Blueprint
from wallet_api.errors import ServiceUnavailable

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> ResponseReturnValue:
    """Tell that this process runs; nothing else is asked."""
    return {"status": "ok"}


@blueprint.get("/readyz")
def readyz() -> ResponseReturnValue:
    """Tell whether this process is fit to serve, and if not, why."""
    try:
        application().readiness.check()
    except ServiceUnavailable as error:
        return _not_ready(error)
    return {"status": "ready"}


def _not_ready(error: ServiceUnavailable) -> Response:
    """Say the reason itself: here it is the operator who asks."""
    return problem(
        status=503,
        code=error.code,
        title="The service is not ready.",
        error=f"Not ready: {error.reason}",
    )
