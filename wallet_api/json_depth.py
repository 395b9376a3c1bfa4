"""The depth of JSON values that somebody else stored."""


def is_nested_within(levels: int, value: object) -> bool:
    """Return whether no array or object of a JSON value is deeper than `levels`."""
    if not isinstance(value, dict | list):
        return True
    members = value.values() if isinstance(value, dict) else value
    return levels > 0 and all(is_nested_within(levels - 1, member) for member in members)
