"""The routes of policies, and the changes that they record."""

from tests.factories import FID
from tests.http.user_wallets import TRADING
from tests.policies import FEES, payments

POLICIES = "/v1/policies"
USER_POLICY = f"/v1/users/{FID}/policy"
OWN = "/api/wallet/policy"
SIGN = f"{TRADING}/sign/transaction"
SIGN_MESSAGE = f"{TRADING}/sign/message"
DRY_RUN = f"{POLICIES}/dry-run"
LIMITED = [payments((3600, 10)), FEES]


def changes(sql, fid=FID):
    found = sql.execute(
        "select details from wallet_audit_log where fid = %s and action = 'policy.changed'"
        " order by id",
        [fid],
    ).fetchall()
    return [details for (details,) in found]
