"""A wrapper for values that must not be printed."""

from typing import Generic, NoReturn, TypeVar, final

T = TypeVar("T")


@final
class Secret(Generic[T]):
    """Wrap a private key, a passphrase or a token, so that it cannot leak by accident.

    Logs, f-strings and tracebacks show only "Secret(…)", and it cannot be pickled or serialized.
    Only `reveal()` returns the value, which a reviewer can search for.
    """

    __slots__ = ("_value",)

    def __init__(self, value: T) -> None:
        self._value = value

    def reveal(self) -> T:
        """Return the value itself."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(…)"

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a Secret cannot be pickled or copied")
