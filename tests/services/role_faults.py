"""What `db doctor` reports about the privileges of other roles."""

CHANGE = "no other role can change these tables"
READ = "no other role can read these tables"
FUTURE = "default privileges grant nothing on our objects"
ROLES = (
    "create role web_anon",
    "create role authenticator login noinherit in role web_anon",
    "create role hoster login",
)
DEFINER = "returns bigint language sql security definer as"


def role_faults(session, *trusted):
    found = session.faults(*trusted)
    return {name: found[name] for name in (CHANGE, READ, FUTURE) if name in found}


def find_fault(found, subject, start):
    (line,) = [fault for fault in found[subject] if fault.startswith(start)]
    return line
