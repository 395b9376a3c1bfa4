"""The faults that a verification of the audit log reports."""

from datetime import UTC, datetime

LONG_AGO = datetime(2021, 1, 1, tzinfo=UTC)
NOT_OURS = "it, or its position after the previous entry, is not as this service wrote it"
ALONE = "it cannot be checked without the entry before it"
FOREIGN = "it was written with a secret that is not configured (key id 0000000000000000)"
UNMADE = "no intact entry records the creation of the trading wallet"
TWICE = "the Base Account address was imported more than once"
UNSET = "no intact entry records the Base Account address"
REPLACED = "the Base Account address differs from the last intact entry about it"
GONE = "the Base Account address that was stored is not in PostgreSQL"
ANOTHER = "0x" + "ab" * 20
# Make all entries as 1.0.0 wrote them.
TO_TEXT = """
update wallet_audit_log
set
    mac = encode(mac_bytes, 'hex'), mac_bytes = null,
    key_id = encode(key_id_bytes, 'hex'), key_id_bytes = null,
    request_id = coalesce(request_id, replace(request_uuid::text, '-', '')), request_uuid = null
where mac_bytes is not null
"""
