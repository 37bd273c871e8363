"""Frames: twelve bytes of header, then the payload (docs/worker-protocol.md, "Frame")."""

from __future__ import annotations

import struct

PROTOCOL = 1

LOAD, REQUEST, DATA, WINDOW, ABORT, FILE_DONE, SHUTDOWN = range(1, 8)  # engine to worker
HELLO, READY, FAILED, RESPONSE, DATA_OUT, RESET, FILE, WINDOW_OUT, LOG, FILES = range(16, 26)  # worker to engine

END = 1  # flag: the sender's last frame of this stream

MAX_PAYLOAD = 16 * 1024 * 1024
MAX_DATA = 64 * 1024  # body bytes in one frame
CREDIT = 256 * 1024  # what either side may send on a fresh stream before it gets a WINDOW

HEADER = struct.Struct("<IBBHI")
U32 = struct.Struct("<I")
FILE_RANGE = struct.Struct("<IQQ")
_RESPONSE_HEADER = struct.Struct("<IBBHII")


def frame(kind: int, stream: int, payload: bytes = b"", flags: int = 0) -> bytes:
    """One whole frame."""
    return HEADER.pack(len(payload), kind, flags, 0, stream) + payload


def response(stream: int, head: bytes, body: bytes, flags: int) -> bytes:
    """A RESPONSE frame: the head block's length, the head block, the body's first bytes."""
    size = len(head)
    return _RESPONSE_HEADER.pack(4 + size + len(body), RESPONSE, flags, 0, stream, size) + head + body
