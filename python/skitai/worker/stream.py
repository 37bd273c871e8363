"""One request and its answer, as the channel sees it."""

from __future__ import annotations

import threading
from collections import deque

from .frames import CREDIT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Deque, Optional

    from .leadership import AppThread, Leadership


class Aborted(ConnectionAbortedError):
    """Nobody waits for this answer any more. Raised into the app by reads of wsgi.input and by write()."""


class Stream:
    """What arrived for one request and what may still be sent. The leader fills it, its app thread uses it."""

    __slots__ = ("id", "block", "body", "complete", "thread", "aborted", "granted", "used", "chunks", "file_done", "waiting", "wake")

    def __init__(self, id: int, block: str, body: bytes, complete: bool) -> None:
        self.id = id
        self.block = block
        self.body = body  # the REQUEST frame's own part of the body
        self.complete = complete  # no more DATA comes
        self.thread: Optional[AppThread] = None
        self.aborted = False
        self.granted = CREDIT  # bytes of DATA the engine has allowed so far
        self.used = 0  # and those that were sent; each number has one writer, so neither needs a lock
        self.chunks: Optional[Deque[bytes]] = None if complete else deque()
        self.file_done = False
        self.waiting = False
        self.wake: Optional[threading.Lock] = None

    # What an app thread can wait for (Leadership.wait). The abort of the stream ends every wait.

    def has_input(self) -> bool:
        """There are bytes to read, or there will never be."""
        return bool(self.chunks) or self.complete or self.aborted

    def has_credit(self) -> bool:
        """Bytes may be sent."""
        return self.granted > self.used or self.aborted

    def is_file_done(self) -> bool:
        """The engine is through with the file."""
        return self.file_done or self.aborted
