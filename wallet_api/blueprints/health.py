"""Health checks and metrics."""

from flask import Response, request
from flask.typing import ResponseReturnValue

from wallet_api import __version__, metrics
from wallet_api.blueprints.access_control import PUBLIC, SCRAPER
from wallet_api.blueprints.application import application
from wallet_api.blueprints.problems import problem
from wallet_api.blueprints.routing import Blueprint
from wallet_api.blueprints.schemas.health import HealthAnswer
from wallet_api.errors import ServiceUnavailable

blueprint = Blueprint("health", __name__, description="For load balancers and Prometheus.")


@blueprint.get("/healthz")
@blueprint.requires(PUBLIC)
@blueprint.response(200, HealthAnswer)
def healthz() -> dict[str, str]:
    """Return the version of the running process, without checking anything else."""
    return {"status": "ok", "version": __version__}


@blueprint.get("/readyz")
@blueprint.requires(PUBLIC)
@blueprint.response(200, HealthAnswer)
def readyz() -> ResponseReturnValue:
    """Return whether this process can serve requests, and if not, the reason."""
    try:
        application().readiness.check()
    except ServiceUnavailable as error:
        # With the internal reason, which is meant for operators.
        reason = f"Not ready: {error.reason}"
        title = "The service is not ready."
        return problem(status=503, code=error.alarm, title=title, error=reason)
    return {"status": "ready", "version": __version__}


@blueprint.get("/metrics")
@blueprint.requires(SCRAPER, 404)
@blueprint.alt_response(
    200, schema={"type": "string"}, content_type="application/openmetrics-text", success=True
)
@blueprint.response(200, {"type": "string"}, content_type="text/plain")
def prometheus() -> Response:
    """Return the metrics of all workers in a Prometheus format (404 if disabled)."""
    text, content_type = metrics.render(request.headers.get("Accept", ""))
    return Response(text, content_type=content_type)
