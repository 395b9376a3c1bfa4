"""/v1/status: version, migrations, connections, limits and alarms."""

from dataclasses import asdict
from typing import Any

from wallet_api import __version__
from wallet_api.blueprints.access_control import client
from wallet_api.blueprints.application import application
from wallet_api.blueprints.routing import Blueprint
from wallet_api.blueprints.schemas.status import StatusAnswer

blueprint = Blueprint("status", __name__)


@blueprint.get("/status")
@blueprint.requires(client("stats:read"))
@blueprint.response(200, StatusAnswer)
def status() -> dict[str, Any]:
    """Return the state of the service. /readyz returns whether it can serve."""
    return {
        **asdict(application().status.get()),
        "version": __version__,
        "network": application().network,
        "limits": application().request_limits.configured(),
    }
