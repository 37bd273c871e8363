"""The frame socket: reading for whoever leads, gathered writing for everybody."""

from __future__ import annotations

import os
import struct
import sys
import threading

from .frames import HEADER, LOG, MAX_PAYLOAD, frame

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, List

    Dispatch = Callable[[int, int, int, memoryview], None]

_BUFFER = 256 * 1024
_GATHER = 128 * 1024  # answers that wait for the end of the batch are sent earlier past this size


class ProtocolError(Exception):
    """The engine sent a frame that breaks docs/worker-protocol.md."""


class Channel:
    """Frames in and out of one descriptor.

    Plain reads and writes instead of a socket object: the same system calls, and a megabyte of modules less.
    """

    def __init__(self, fd: int) -> None:
        self.fd = fd
        #: The thread that leads. Its answers may wait for the others of its batch; everybody else's are sent at once.
        self.leader: object = None
        self._lock = threading.Lock()
        self._pending: List[bytes] = []
        self._pending_bytes = 0
        self._have = 0
        self._allocate(_BUFFER)

    # -- reading: only the leader does, so there is no lock ---------------------------------------------------------

    def receive(self, dispatch: Dispatch) -> bool:
        """Waits for bytes, then hands over every frame that is complete. False at the end of the stream."""
        have = self._have
        try:
            count = os.readv(self.fd, self._whole if not have else (self._view[have:],))
        except ConnectionError:
            return False
        if not count:
            return False
        try:
            self._hand_over(dispatch, have + count)
        except (ProtocolError, struct.error, KeyError, ValueError) as error:
            self.fail("the engine broke the worker protocol: %s" % error)
        return True

    def _hand_over(self, dispatch: Dispatch, have: int) -> None:
        buffer = self._buffer
        view = self._view
        unpack = HEADER.unpack_from
        at = 0
        while have - at >= 12:
            length, kind, flags, _, stream = unpack(buffer, at)
            end = at + 12 + length
            if end > have:
                if length > MAX_PAYLOAD:
                    raise ProtocolError("a frame of %d bytes (type %d, stream %d)" % (length, kind, stream))
                break
            dispatch(kind, flags, stream, view[at + 12:end])
            at = end
        rest = have - at
        self._have = rest
        if rest:
            self._keep(at, have)
        elif len(buffer) > _BUFFER:
            self._allocate(_BUFFER)

    def fail(self, text: str) -> None:
        """Gives the connection up, and with it the process: its frames can no longer be trusted."""
        try:
            self.send(frame(LOG, 0, b"\x03" + text.encode("utf-8", "backslashreplace")))
            sys.stderr.flush()
        finally:
            os._exit(1)

    def _keep(self, start: int, end: int) -> None:
        """Moves the beginning of an incomplete frame to the front of a buffer that can take all of it."""
        needed = 12
        if end - start >= 12:
            needed += HEADER.unpack_from(self._buffer, start)[0]
        tail = self._view[start:end]
        if needed > len(self._buffer):
            self._allocate(needed)
        if start or needed > _BUFFER:
            self._view[:end - start] = tail

    def _allocate(self, size: int) -> None:
        self._buffer = bytearray(size)
        self._view = memoryview(self._buffer)
        self._whole = (self._view,)

    # -- writing ----------------------------------------------------------------------------------------------------

    def post(self, thread: object, data: bytes) -> None:
        """Sends the last bytes of an answer: with the rest of the batch if `thread` leads, else at once."""
        with self._lock:
            if self.leader is thread and self._pending_bytes < _GATHER:
                self._pending.append(data)
                self._pending_bytes += len(data)
            else:
                self._write(data)

    def send(self, data: bytes) -> None:
        """Sends at once."""
        with self._lock:
            self._write(data)

    def flush(self) -> None:
        """Sends what waits."""
        if self._pending:
            with self._lock:
                self._write(b"")

    def _write(self, data: bytes) -> None:
        pending = self._pending
        if pending:
            # What was posted earlier goes first: a stream's frames stay in their order.
            pending.append(data)
            data = b"".join(pending)
            pending.clear()
            self._pending_bytes = 0
        try:
            sent = os.write(self.fd, data) if data else 0
            while sent < len(data):
                data = data[sent:]
                sent = os.write(self.fd, data)
        except ConnectionError:
            os._exit(1)  # the engine is gone, and with it everybody who waits for us
