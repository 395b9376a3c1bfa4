"""`db doctor` reports who may execute functions that reach the tables."""

from tests.services.role_faults import CHANGE, DEFINER, FUTURE, READ, find_fault, role_faults


def test_a_definer_function_of_a_role_that_cannot_reach_our_tables_is_not_reported(roles):
    roles.do(
        f"create function theirs() {DEFINER} 'select 1::bigint'",
        "grant create on schema public to hoster",
        "alter function theirs() owner to hoster",
        "revoke create on schema public from hoster",
    )
    assert role_faults(roles) == {}


def test_a_definer_function_of_an_extension_is_not_reported(roles):
    roles.do(f"create function count_them() {DEFINER} 'select count(*) from wallets'")
    find_fault(role_faults(roles), READ, "everybody may EXECUTE on function count_them()")
    roles.do("alter extension plpgsql add function count_them()")
    assert role_faults(roles) == {}


def test_only_the_roles_with_an_explicit_right_to_execute_a_function_are_reported(roles):
    roles.do(
        "alter function time_of_entry owner to hoster",
        "grant execute on function time_of_entry to web_anon",
    )
    (line,) = role_faults(roles)[FUTURE]
    assert line.startswith("web_anon may EXECUTE on function time_of_entry(")


def test_a_right_to_execute_a_function_that_became_security_definer_is_reported_once(roles):
    roles.do(
        "alter function time_of_entry security definer",
        "grant execute on function time_of_entry to web_anon",
    )
    found = role_faults(roles)
    find_fault(found, CHANGE, "web_anon may EXECUTE on function time_of_entry(")
    assert FUTURE not in found
