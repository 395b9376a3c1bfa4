"""The tree of errors: complete in its docstring, in the table of statuses, and in its sentences."""

import re
from collections.abc import Iterator

import pytest

from wallet_api import errors
from wallet_api.blueprints.problems import STATUS_OF, status_of
from wallet_api.errors import ServiceUnavailable, WalletApiError


def descendants(cls: type[WalletApiError]) -> Iterator[type[WalletApiError]]:
    for child in cls.__subclasses__():
        yield child
        yield from descendants(child)


CLASSES = sorted(set(descendants(WalletApiError)), key=lambda cls: cls.__name__)
each_class = pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)


def drawn() -> dict[str, str]:
    """Read the tree in the module's docstring: each class's name and that of its parent."""
    parent_of: dict[str, str] = {}
    path = ["WalletApiError"]
    for line in (errors.__doc__ or "").splitlines():
        if branch := re.match(r" {4}((?:│   |    )*)[├└]── (\w+)", line):
            depth = len(branch[1]) // 4 + 1
            path[depth:] = [branch[2]]
            assert branch[2] not in parent_of, "drawn twice"
            parent_of[branch[2]] = path[depth - 1]
    return parent_of


def build(cls: type[WalletApiError], *arguments: str) -> WalletApiError:
    return cls("the reason") if issubclass(cls, ServiceUnavailable) else cls(*arguments)


def test_the_docstring_shows_the_whole_tree():
    assert "\n    WalletApiError\n" in (errors.__doc__ or "")
    assert drawn() == {cls.__name__: cls.__base__.__name__ for cls in CLASSES}


def test_every_error_is_defined_in_the_module_of_the_tree():
    assert {cls.__module__ for cls in CLASSES} == {"wallet_api.errors"}


def test_every_class_has_a_status_and_no_other_has():
    assert all(map(status_of, CLASSES))
    assert set(STATUS_OF) <= set(CLASSES)


@each_class
def test_the_status_matches_the_kind_of_error(cls):
    if issubclass(cls, ServiceUnavailable):
        assert status_of(cls) == 503
    elif issubclass(cls, errors.InvalidRequest):
        assert status_of(cls) == 400
    else:
        assert status_of(cls) in {308, 401, 403, 404, 409, 412, 422, 429}


def test_no_two_classes_share_a_code():
    assert len({cls.code for cls in CLASSES}) == len(CLASSES)


@each_class
def test_a_docstring_is_one_line_that_a_user_may_read(cls):
    assert re.fullmatch(r"[A-Z][ -~]{10,118}[a-z.)]", vars(cls)["__doc__"])
    assert cls.sentence() == cls.__doc__
    assert not re.search(r"traceback|exception|sql|null|none", cls.sentence().lower())


@each_class
def test_an_error_has_the_sentence_of_its_class(cls):
    error = build(cls)
    assert str(error) == cls.sentence()
    assert error.hint is None


@pytest.mark.parametrize(
    "cls", [cls for cls in CLASSES if issubclass(cls, ServiceUnavailable)], ids=str
)
def test_a_reason_is_for_the_log_and_not_for_the_user(cls):
    error = cls("connection to 10.0.0.7 failed")
    assert error.reason == "connection to 10.0.0.7 failed"
    assert "10.0.0.7" not in str(error)
    assert "10.0.0.7" not in repr(error)


def test_an_error_may_add_a_detail():
    error = errors.InvalidRequest("The body is an array.", hint="Send an object.")
    assert str(error) == "The body is an array."
    assert error.hint == "Send an object."


@pytest.mark.parametrize(
    ("cls", "status", "sentence"),
    [
        (errors.FidRequired, 400, "Base Account (FID) required"),
        (errors.BaseWalletMismatch, 400, "Base wallet mismatch. Please reconnect your wallet."),
        (
            errors.UnsupportedAsset,
            400,
            "Unsupported asset. Only ETH and USDC are supported.",
        ),
        (errors.AmountNotPositive, 400, "Amount must be greater than zero"),
        (errors.InvalidAmount, 400, "Invalid amount format. Please check your input."),
    ],
)
def test_the_sentences_of_the_contract_are_exact(cls, status, sentence):
    assert str(cls()) == sentence
    assert status_of(cls) == status


@pytest.mark.parametrize(
    ("cls", "status"),
    [
        (errors.InvalidAddress, 400),
        (errors.UnsupportedChain, 400),
        (errors.BaseAddressRequired, 400),
        (errors.MnemonicRefused, 400),
        (errors.Unauthenticated, 401),
        (errors.KeyExportDisabled, 403),
        (errors.WalletNotFound, 404),
        (errors.IdempotencyKeyInUse, 409),
        (errors.IdempotencyKeyReused, 422),
        (errors.KeyUnreadable, 503),
        (errors.SecretMismatch, 503),
        (errors.SignInUnavailable, 503),
    ],
)
def test_the_statuses_of_the_contract_are_exact(cls, status):
    assert status_of(cls) == status
