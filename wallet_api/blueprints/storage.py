"""/v1/storage: progress of a migration from files, and the encryption secrets."""

from wallet_api.blueprints.access_control import client
from wallet_api.blueprints.application import application
from wallet_api.blueprints.routing import Blueprint
from wallet_api.blueprints.schemas.storage import StorageAnswer
from wallet_api.services.storage import StorageState

blueprint = Blueprint("storage", __name__)


@blueprint.get("/storage")
@blueprint.requires(client("stats:read"))
@blueprint.response(200, StorageAnswer)
def storage() -> StorageState:
    """Return the storage mode, the number of imported wallets, and the secrets of the keys."""
    return application().storage.get_state()
