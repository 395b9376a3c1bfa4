"""Detection of the end of a request in the bytes received so far.

This decides only when a request is dispatched to a thread. gunicorn's parser validates and
interprets the same bytes. If the two disagree, the parser misses bytes and rejects the request.
"""

import re
from collections.abc import Generator

from gunicorn.http.errors import LimitRequestHeaders, LimitRequestLine

from wallet_api.blueprints.request_hooks import max_body_bytes

MAX_HEAD_BYTES = 16 * 1024
"""The limit of Node.js. Our own clients send less than 2 KiB."""

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
# The parser rejects a bare LF, but after two of them no more of the head will come.
_BLANK_LINE = re.compile(rb"\n\r?\n")
_LENGTH = re.compile(rb"^content-length:[ \t]*(\d+)[ \t]*\r$", re.IGNORECASE | re.MULTILINE)
_CODING = re.compile(rb"^transfer-encoding:[ \t]*(.*?)[ \t]*\r$", re.IGNORECASE | re.MULTILINE)
_EXPECTS = re.compile(rb"^expect:[ \t]*100-continue[ \t]*\r$", re.IGNORECASE | re.MULTILINE)
_CHUNK = re.compile(rb"([0-9a-f]{1,16})[ \t]*(?:;.*)?", re.IGNORECASE | re.DOTALL)


def arrival(received: bytearray) -> Generator[bytes, None, bool]:
    """Yield while bytes of a request are missing. Return whether the request is complete.

    Call next() whenever `received` has grown, and send the yielded bytes: the client may wait for
    them (RFC 9110, section 10.1.1). False means that the rest is not needed, because the request
    will be rejected for what has arrived. Raises ParseException when the head is too large.
    """
    while not (blank := _BLANK_LINE.search(received)):
        _check_head(received, len(received))
        yield b""
    begin = blank.end()
    _check_head(received, begin)
    head = bytes(received[:begin])
    coding, length = _CODING.search(head), _LENGTH.search(head)
    if coding and coding[1].lower() != b"chunked":
        return False
    digits = length[1] if length else b"0"
    limit = max_body_bytes(_path(head))
    # Check the number of digits first: int() raises ValueError above 4300 digits.
    if len(digits) > 9 or int(digits) > limit:
        return False
    size = int(digits)
    if (coding or size) and len(received) == begin and _expects_continue(head):
        yield _CONTINUE
    if coding:
        return (yield from _chunked_body(received, begin, limit=begin + 2 * limit))
    while len(received) < begin + size:
        yield b""
    return True


def _path(head: bytes) -> str:
    """Return the target of a request, as far as it is needed here."""
    return head.partition(b" ")[2].partition(b" ")[0].decode("latin-1")


def _check_head(received: bytearray, size: int) -> None:
    if size > MAX_HEAD_BYTES:
        if b"\n" in received[:MAX_HEAD_BYTES]:
            raise LimitRequestHeaders("max head bytes")
        raise LimitRequestLine(size, MAX_HEAD_BYTES)


def _expects_continue(head: bytes) -> bool:
    """Return whether the client may wait for 100 Continue before it sends the body."""
    return head.partition(b"\r\n")[0].endswith(b" HTTP/1.1") and bool(_EXPECTS.search(head))


def _chunked_body(received: bytearray, at: int, *, limit: int) -> Generator[bytes, None, bool]:
    """Find the end of a chunked body (RFC 9112, section 7.1). See arrival()."""
    trailers = False
    while True:
        end = received.find(b"\r\n", at)
        if end < 0:
            if len(received) > limit:
                return False
            yield b""
            continue
        line = received[at:end]
        at = end + 2
        if trailers:
            if not line:
                return True
        elif not (chunk := _CHUNK.fullmatch(line)):
            return False
        elif size := int(chunk[1], 16):
            at += size + 2
        else:
            trailers = True
