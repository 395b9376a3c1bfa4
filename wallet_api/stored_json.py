"""Reading of JSON that is stored in the database, whose owner can change it."""

import json
import math


def read_stored_json(text: str, *, levels: int) -> object:
    """Return the value of a JSON text.

    Raises ValueError for what the service never stores: numbers that are infinite or too long, and
    arrays and objects that are nested in more than `levels` levels.
    """
    try:
        value: object = json.loads(text, parse_float=_finite)
    except RecursionError:
        raise _too_deep() from None
    if not _is_nested_within(levels, value):
        raise _too_deep()
    return value


def _too_deep() -> ValueError:
    return ValueError("the JSON value is nested too deeply")


def _is_nested_within(levels: int, value: object) -> bool:
    if not isinstance(value, dict | list):
        return True
    members = value.values() if isinstance(value, dict) else value
    return levels > 0 and all(_is_nested_within(levels - 1, member) for member in members)


def _finite(digits: str) -> float:
    if math.isfinite(number := float(digits)):
        return number
    raise ValueError("JSON has no infinity")
