"""`db doctor` reports who may set parameters that only superusers should set."""

import pytest

from tests.services.role_faults import CHANGE, find_fault, role_faults


@pytest.mark.parametrize("privilege", ["alter system", "set"])
@pytest.mark.parametrize("parameter", ["archive_command", "session_replication_role"])
@pytest.mark.parametrize("role", ["hoster", "public", "web"])
def test_a_role_that_may_set_a_superuser_parameter_is_reported(roles, privilege, parameter, role):
    if roles.connection.info.server_version < 150000:
        pytest.skip("NOT TRIED: parameters have privileges from PostgreSQL 15 on")
    roles.do(f"grant {privilege} on parameter {parameter} to {role}", "set role web")
    who = "everybody" if role == "public" else role
    ability = f"{who} may {privilege.upper()} on parameter {parameter}"
    line = find_fault(role_faults(roles), CHANGE, ability)
    roles.do("reset role", line.partition(": ")[2])
    assert role_faults(roles) == {}


def test_the_owner_a_superuser_and_a_trusted_role_may_set_parameters(roles):
    if roles.connection.info.server_version < 150000:
        pytest.skip("NOT TRIED: parameters have privileges from PostgreSQL 15 on")
    roles.do(
        "create role root superuser",
        "create role keeper",
        "alter table wallets owner to keeper",
        "grant set on parameter archive_command to root, keeper, hoster",
    )
    found = [line for line in role_faults(roles)[CHANGE] if " on parameter " in line]
    assert [line.split()[0] for line in found] == ["hoster"]
    found = role_faults(roles, "hoster").get(CHANGE, ())
    assert not any(" on parameter " in line for line in found)


def test_a_member_of_a_role_that_may_set_a_parameter_is_reported(roles):
    if roles.connection.info.server_version < 150000:
        pytest.skip("NOT TRIED: parameters have privileges from PostgreSQL 15 on")
    roles.do("grant set on parameter session_replication_role to web_anon")
    find_fault(role_faults(roles), CHANGE, "authenticator may act as web_anon")
