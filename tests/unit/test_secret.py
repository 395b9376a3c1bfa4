"""A Secret shows its value only by reveal()."""

import copy
import io
import json
import logging
import pickle
import pprint
import sys
import traceback
from dataclasses import asdict, dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wallet_api.crypto.secret import Secret

VALUE = "the value that nobody may see"
SECRET = Secret(VALUE)


@dataclass
class Holder:
    secret: Secret[str]


def logged(secret):
    stream = io.StringIO()
    logger = logging.Logger("alone")
    logger.addHandler(logging.StreamHandler(stream))
    logger.warning("it is %s or %r", secret, secret)
    return stream.getvalue()


def traceback_with_locals(secret):
    try:
        {}[secret]
    except KeyError as error:
        shown = traceback.TracebackException.from_exception(error, capture_locals=True)
        return "".join(shown.format())


SHOWN = [
    pytest.param(repr, id="repr"),
    pytest.param(str, id="str"),
    pytest.param(ascii, id="ascii"),
    pytest.param(lambda secret: f"{secret}", id="f-string"),
    pytest.param(lambda secret: f"{secret:>60}", id="f-string with a width"),
    pytest.param(lambda secret: f"{secret!r:s}", id="f-string with repr"),
    pytest.param("{:s}".format, id="str.format"),
    pytest.param(lambda secret: "%s %r" % (secret, secret), id="percent"),  # noqa: UP031
    pytest.param(lambda secret: format(secret, ".100"), id="format"),
    pytest.param(lambda secret: json.dumps({"s": secret}, default=str), id="json by str"),
    pytest.param(lambda secret: str([secret, (secret,), {secret}, {"s": secret}]), id="in others"),
    pytest.param(lambda secret: repr(Holder(secret)), id="in a dataclass"),
    pytest.param(lambda secret: pprint.pformat(Holder(secret)), id="pretty"),
    pytest.param(logged, id="logged"),
    pytest.param(traceback_with_locals, id="traceback with locals"),
]


@pytest.mark.parametrize("show", SHOWN)
def test_the_value_never_shows(show):
    said = show(SECRET)
    assert "Secret(…)" in said or "Secret(\\u2026)" in said
    assert VALUE not in said


@pytest.mark.parametrize("show", SHOWN)
def test_bytes_never_show_either(show):
    said = show(Secret(VALUE.encode()))
    assert VALUE not in said
    assert VALUE.encode().hex() not in said


@given(one=st.text() | st.binary() | st.integers(), other=st.text() | st.binary())
def test_the_repr_is_the_same_for_every_value(one, other):
    for parameter in SHOWN:
        (show,) = parameter.values
        assert show(Secret(one)) == show(Secret(other))


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_secret_cannot_be_pickled(protocol):
    with pytest.raises(TypeError, match="cannot be pickled or copied"):
        pickle.dumps(SECRET, protocol)


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy])
def test_a_secret_cannot_be_copied(duplicate):
    with pytest.raises(TypeError, match="cannot be pickled or copied"):
        duplicate(SECRET)


def test_a_secret_in_a_dataclass_cannot_be_copied_out():
    with pytest.raises(TypeError, match="cannot be pickled or copied"):
        asdict(Holder(SECRET))


def test_a_secret_is_not_json():
    with pytest.raises(TypeError, match="not JSON serializable") as refusal:
        json.dumps({"s": SECRET})
    assert VALUE not in str(refusal.value)


@pytest.mark.parametrize("read", [vars, dict, list, len, iter, bytes, int, float])
def test_a_secret_has_no_other_way_to_its_value(read):
    with pytest.raises(TypeError) as refusal:
        read(SECRET)
    assert VALUE not in str(refusal.value)


def test_secrets_are_not_compared_by_value():
    assert Secret(VALUE) != Secret(VALUE)
    assert Secret(VALUE) != VALUE


def test_the_display_hook_of_a_console_shows_nothing(capsys):
    sys.__displayhook__(SECRET)
    assert VALUE not in capsys.readouterr().out


def test_reveal_gives_the_value_itself():
    value = object()
    assert Secret(value).reveal() is value
