"""Where a request ends, seen from the bytes that have come so far.

This decides only when a thread gets a request. Whether it is one, and what it says, gunicorn's
parser decides on the same bytes: where the two disagree, that one misses bytes and refuses.
"""

import re
from collections.abc import Generator

from gunicorn.http.errors import LimitRequestHeaders, LimitRequestLine

from wallet_api.blueprints.requests import MAX_BODY_BYTES

MAX_HEAD_BYTES = 16 * 1024
"""As much as Node.js takes. The heads of our own clients have less than 2 KiB."""

_MAX_CHUNKED_BYTES = 2 * MAX_BODY_BYTES
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
# The parser refuses an LF alone, but there is nothing to wait for behind two of them.
_BLANK_LINE = re.compile(rb"\n\r?\n")
_LENGTH = re.compile(rb"^content-length:[ \t]*(\d+)[ \t]*\r$", re.IGNORECASE | re.MULTILINE)
_CODING = re.compile(rb"^transfer-encoding:[ \t]*(.*?)[ \t]*\r$", re.IGNORECASE | re.MULTILINE)
_EXPECTS = re.compile(rb"^expect:[ \t]*100-continue[ \t]*\r$", re.IGNORECASE | re.MULTILINE)
_CHUNK = re.compile(rb"([0-9a-f]{1,16})[ \t]*(?:;.*)?", re.IGNORECASE | re.DOTALL)


def arrival(received: bytearray) -> Generator[bytes, None, bool]:
    """Yield while bytes of a request are missing, and return whether all of it is there.

    Call next() whenever `received` has grown. What comes out is to be sent: the client may wait for
    it (RFC 9110, section 10.1.1). False says that the rest is of no interest, because the request
    will be refused for what is there. Raises ParseException when the head is too large.
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
    # Its length first: Python reads no number of more than 4300 digits.
    if len(digits) > 9 or int(digits) > MAX_BODY_BYTES:
        return False
    size = int(digits)
    if (coding or size) and len(received) == begin and _expects_continue(head):
        yield _CONTINUE
    if coding:
        return (yield from _chunked_body(received, begin))
    while len(received) < begin + size:
        yield b""
    return True


def _check_head(received: bytearray, size: int) -> None:
    if size > MAX_HEAD_BYTES:
        if b"\n" in received[:MAX_HEAD_BYTES]:
            raise LimitRequestHeaders("max head bytes")
        raise LimitRequestLine(size, MAX_HEAD_BYTES)


def _expects_continue(head: bytes) -> bool:
    """Tell whether the client may wait for our word before it sends the body."""
    return head.partition(b"\r\n")[0].endswith(b" HTTP/1.1") and bool(_EXPECTS.search(head))


def _chunked_body(received: bytearray, at: int) -> Generator[bytes, None, bool]:
    """Follow a body in chunks (RFC 9112, section 7.1) from its first byte to its last."""
    limit = at + _MAX_CHUNKED_BYTES
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
