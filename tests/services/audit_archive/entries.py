"""The old entries that are archived, and what the log and the files contain afterwards."""

import gzip
import json
from datetime import UTC, datetime, timedelta

from wallet_api.models import AuditContext
from wallet_api.repositories.audit.checks import AuditCheckRepository

USERS = (1, 2, 300)
NOW = datetime.now(UTC)
LONG_AGO, BEFORE = NOW - timedelta(days=40), NOW - timedelta(days=30)
OPERATOR = AuditContext(actor="cli:operator", request_id="54ed0d9f1a504ed4801ddb06b16b9977")
# A MAC covers this text: nothing may format it, or keep the last of two equal members only.
DETAILS = '{"method":"sign/message", "effects":[{"b":1e2,"a":"\\u00e4 \\ud800","a":"ü"}]}'
NOT_OURS = "it, or its position after the previous entry, is not as this service wrote it"


def entries_of(database):
    return {
        (entry.fid, entry.id): entry
        for entry in database.run(
            lambda connection: AuditCheckRepository(connection).list_page((0, 0), 10_000)
        )
    }


def archived_entries(files):
    return {(entry.fid, entry.id): entry for entry in files.entries()}


def read_lines(path):
    return gzip.decompress(path.read_bytes()).splitlines(keepends=True)


def tamper_line(path, number, **changes):
    """Change members of one line of an archive file."""
    lines = read_lines(path)
    lines[number] = json.dumps({**json.loads(lines[number]), **changes}).encode() + b"\n"
    path.write_bytes(gzip.compress(b"".join(lines)))
