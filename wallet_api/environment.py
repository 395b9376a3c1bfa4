"""A reader of environment variables that normalizes unambiguous values and collects faults."""

import re
from collections.abc import Mapping
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import ClassVar, NamedTuple

# White space, and characters that editors and browsers add: no-break spaces, byte order marks.
_BLANK = r"[\s\ufeff\u200b]+"
_AROUND = re.compile(rf"\A{_BLANK}|{_BLANK}\Z")
_QUOTED = re.compile(r"""(["'])((?:(?!\1).)*)\1""", re.DOTALL)
_WORDS = {
    **dict.fromkeys(("true", "1", "yes", "on"), True),
    **dict.fromkeys(("false", "0", "no", "off"), False),
}
_LABEL = r"(?![-.])[a-z0-9_-]{1,63}(?<!-)"
_NAME = rf"{_LABEL}(?:\.{_LABEL})*"
_ROOT = rf"(https?)://({_NAME}|\[[0-9a-f:.]+\])(?::([0-9]{{1,5}}))?"
_FLAGS = re.ASCII | re.IGNORECASE
_HOST_NAME = re.compile(rf"(?:https?://)?({_NAME})\.?/?", _FLAGS)
_ORIGIN = re.compile(rf"{_ROOT}/?", _FLAGS)
_HTTP_URL = re.compile(rf"{_ROOT}(/[!-~]*)?", _FLAGS)
_PRIVATE = re.compile(r"https:|http://(?:localhost|127\.[0-9.]+|\[::1\])(?=[:/]|\Z)")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_MAX_PORT = 65_535
_WHOLE_NUMBER = re.compile(r"[0-9]{1,20}")
_NUMBER = re.compile(r"[0-9]*\.?[0-9]+")


def trim(value: str) -> str:
    """Return a value without surrounding white space and quotes.

    Kubernetes secrets may end with a line break, `docker run --env-file` keeps quotes, and files
    from Windows have a carriage return on each line.
    """
    value = _AROUND.sub("", value)
    quoted = _QUOTED.fullmatch(value)
    return _AROUND.sub("", quoted[2]) if quoted else value


class VariableFault(NamedTuple):
    """The fault of an environment variable, as a predicate, and how to fix it."""

    variable: str
    fault: str
    remedy: str

    def __str__(self) -> str:
        """Return the fault as a sentence."""
        return f"{self.variable} {self.fault}"


class EnvironmentReader:
    """A reader of single variables that collects faults.

    A variable that is empty or only white space counts as unset.
    """

    remedies: ClassVar[Mapping[str, str]] = {}
    """How to fix each variable, unless the default remedy fits."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.faults: list[VariableFault] = []
        self.warnings: list[VariableFault] = []

    def refuse(self, name: str, fault: str) -> None:
        """Record a fault of a variable."""
        otherwise = "Correct it, or remove it: docs/configuration.md describes it."
        self.faults.append(VariableFault(name, fault, self.remedies.get(name, otherwise)))

    def text(self, name: str, *, default: str) -> str:
        """Return a trimmed value, or the default."""
        return trim(self._environ.get(name, "")) or default

    def names_after(self, prefix: str) -> tuple[str, ...]:
        """Return the names of variables that are set and begin with a prefix, in order."""
        named = sorted(name for name in self._environ if name.startswith(prefix))
        return tuple(name for name in named if self.text(name, default=""))

    def parts(self, name: str) -> tuple[str, ...]:
        """Read a comma-separated list."""
        found = (trim(part) for part in self.text(name, default="").split(","))
        return tuple(part for part in found if part)

    def boolean(self, name: str, *, default: bool) -> bool:
        """Read a boolean: true, 1, yes, on, or false, 0, no, off."""
        value = _WORDS.get(self.text(name, default=str(default)).lower())
        if value is None:
            self.refuse(name, "must be true or false")
            return default
        return value

    def choice(self, name: str, options: tuple[str, ...], *, default: str) -> str:
        """Read one of several words, ignoring case."""
        value = self.text(name, default=default).lower()
        for option in options:
            if option.lower() == value:
                return option
        self.refuse(name, f"must be one of {', '.join(options)}")
        return default

    def integer(self, name: str, *, default: int, low: int, high: int) -> int:
        """Read a whole number from `low` to `high`."""
        return int(self.number(name, default=default, low=low, high=high, whole=True))

    def number(
        self, name: str, *, default: float, low: float, high: float, whole: bool = False
    ) -> float:
        """Read a number from `low` to `high`; with `whole`, a whole one."""
        text = self.text(name, default=str(default))
        # float() and int() also accept underscores, signs, and digits of other scripts.
        if (_WHOLE_NUMBER if whole else _NUMBER).fullmatch(text):
            value = int(text) if whole else float(text)
            if low <= value <= high:
                return value
        kind = "a whole number" if whole else "a number"
        self.refuse(name, f"must be {kind} from {low} to {high}")
        return default

    def host_names(self, name: str) -> tuple[str, ...]:
        """Read a comma-separated list of host names; the URL of a host counts as its name."""
        found = [_HOST_NAME.fullmatch(part) for part in self.parts(name)]
        names = tuple(match[1].lower() for match in found if match)
        if len(names) < len(found):
            self.refuse(
                name,
                "must be bare host names such as app.example.com, separated by commas: no port, "
                "path or wildcard",
            )
        return names

    def origins(self, name: str) -> tuple[str, ...]:
        """Read a comma-separated list of origins, as browsers send them (RFC 6454).

        A wildcard is refused: flask-cors would use it as an unanchored regular expression.
        """
        found = [_origin(_ORIGIN.fullmatch(part)) for part in self.parts(name)]
        if not all(found):
            self.refuse(
                name, "must be origins such as https://app.example.com, without path or wildcard"
            )
        return tuple(origin for origin in found if origin)

    def http_url(self, name: str, *, default: str) -> str:
        """Read an http(s) URL without user and password."""
        value = self.text(name, default=default)
        url = _HTTP_URL.fullmatch(value)
        origin = _origin(url)
        if url is None or origin is None:
            self.refuse(name, "must be an http(s) URL")
            return default
        return origin + (url[4] or "")

    def private_url(self, name: str) -> str:
        """Read a URL that nobody on the network can read: https, or http on this machine."""
        url = self.http_url(name, default="")
        if url and not _PRIVATE.match(url):
            self.refuse(name, "must be an https URL, or an http URL of this machine")
        return url

    def issuer(self, name: str, *, default: str) -> str:
        """Read the URL of a token issuer, as in its tokens: without a slash at the end."""
        url = self.http_url(name, default=default).rstrip("/")
        if "?" in url or "#" in url:
            self.refuse(name, "must be a URL without ? and #")
        return url


def _origin(url: re.Match[str] | None) -> str | None:
    """Return scheme, host and port as browsers write them; None if host or port are not valid.

    Browsers omit the default port, and shorten an IPv6 address (RFC 5952).
    """
    if url is None:
        return None
    scheme, host = url[1].lower(), url[2].lower()
    port = int(url[3] or _DEFAULT_PORTS[scheme])
    try:
        if host.startswith("["):
            ip = IPv6Address(host[1:-1])
            host = f"[{ip}]"
            # Browsers write the IPv4 address in hexadecimal, Python in decimal.
            if ip.ipv4_mapped:
                return None
        elif host.rpartition(".")[2].isdigit():
            host = str(IPv4Address(host))
    except AddressValueError:
        return None
    if not 0 < port <= _MAX_PORT:
        return None
    return f"{scheme}://{host}" + ("" if port == _DEFAULT_PORTS[scheme] else f":{port}")
