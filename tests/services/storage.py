"""What tests of WALLET_STORAGE share: services on one folder, and what they leave behind."""

from tests.conftest import ACCESS, BASE_ACCOUNT
from wallet_api.blueprints.application import application
from wallet_api.services.deposits import DepositRequest


def starter(make_app, folder):
    """Return what starts the services of one process: start("migrating")."""

    def start(mode, path=folder, **changes):
        app = make_app(WALLET_STORAGE=mode, WALLET_STORAGE_PATH=str(path), **changes)
        return application(app)

    return start


def deposit_address(services, fid):
    """Prepare a deposit and return the address that it goes to."""
    request = DepositRequest(
        asset="USDC", amount="20", base_address=BASE_ACCOUNT, idempotency_key=None
    )
    return services.deposits.prepare(fid, request, access=ACCESS).transfer.to_address


def rows(sql):
    """Return the address of every row by FID and chain."""
    found = sql.execute("select fid, chain, address from wallets").fetchall()
    return {(fid, chain): address for fid, chain, address in found}


def audited(sql):
    return sql.execute(
        "select fid, chain, action, actor from wallet_audit_log order by fid, id"
    ).fetchall()


def key_ids(sql):
    return sql.execute("select key_id from encryption_keys").fetchall()
