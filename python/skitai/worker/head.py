"""Checks a status line and headers, and makes them the head block of a RESPONSE (PEP 3333, RFC 9110 section 5)."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Tuple

_PLAIN, _LENGTH = 1, 2
_KNOWN_LIMIT = 1000  # names an app makes up must not fill the memory

_HOP_BY_HOP = frozenset((
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer",
    "trailers", "transfer-encoding", "upgrade",
))
_TOKEN = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")

_names: Dict[str, int] = {}  # the checked ones
_statuses: Dict[str, int] = {}


class Head:
    """A checked head."""

    __slots__ = ("status", "block", "length")

    def __init__(self, status: int, block: bytes, length: Optional[int]) -> None:
        self.status = status
        self.block = block
        self.length = length  # Content-Length


def encode(status: str, headers: List[Tuple[str, str]]) -> Head:
    """The head that start_response was given. Raises TypeError or ValueError with what is wrong with it."""
    code = _statuses.get(status) or _check_status(status)
    parts = [status]
    length: Optional[int] = None
    for name, value in headers:
        kind = _names.get(name) or _check_name(name)
        if not (value.__class__ is str and value.isprintable()):
            _check_value(name, value)
        if kind == _LENGTH:
            length = _check_length(value, length)
            if code == 204:
                continue  # RFC 9110, 8.6
        parts.append(name)
        parts.append(value)
    try:
        block = "\0".join(parts).encode("latin-1")
    except UnicodeEncodeError:
        raise ValueError("a header or the status is not latin-1: %r" % (_first_not_latin(parts),)) from None
    return Head(code, block, length)


def _check_status(status: Any) -> int:
    if not isinstance(status, str):
        raise TypeError("the status is not a str but %r" % (status,))
    code = status[:3]
    if not (len(code) == 3 and code.isascii() and code.isdigit() and status[3:4] in ("", " ") and status.isprintable()):
        raise ValueError("the status is not like '200 OK': %r" % (status,))
    if not "200" <= code <= "599":
        raise ValueError("an app cannot answer with the status %r" % (status,))
    if len(_statuses) < _KNOWN_LIMIT:
        _statuses[status] = int(code)
    return int(code)


def _check_name(name: Any) -> int:
    if not isinstance(name, str):
        raise TypeError("a header name is not a str but %r" % (name,))
    if not name or not _TOKEN.issuperset(name):
        raise ValueError("not a header name: %r" % (name,))
    lower = name.lower()
    if lower in _HOP_BY_HOP:
        raise ValueError("the header %s is the server's own affair (hop-by-hop, PEP 3333)" % name)
    kind = _LENGTH if lower == "content-length" else _PLAIN
    if len(_names) < _KNOWN_LIMIT:
        _names[name] = kind
    return kind


def _check_value(name: str, value: Any) -> None:
    if not isinstance(value, str):
        raise TypeError("the value of the header %s is not a str but %r" % (name, value))
    for character in value:
        if (character < " " and character != "\t") or character == "\x7f":
            raise ValueError("the value of the header %s has a control character: %r" % (name, value))


def _check_length(value: str, earlier: Optional[int]) -> int:
    if not (value.isascii() and value.isdigit()):
        raise ValueError("Content-Length is not a number: %r" % (value,))
    length = int(value)
    if earlier is not None and earlier != length:
        raise ValueError("two different Content-Length headers")
    return length


def _first_not_latin(parts: List[str]) -> str:
    return next(part for part in parts if any(character > "\xff" for character in part))
