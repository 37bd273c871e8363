"""sys.stdout and sys.stderr of a worker: whole lines, at once, whatever the threads do."""

from __future__ import annotations

import io
import os
from threading import get_ident

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO, Dict

_LONGEST = 64 * 1024  # characters of an unfinished line that are kept


class LineOutput(io.TextIOWrapper):
    """A text stream that keeps the threads' lines apart.

    print() writes a text and its newline one after the other, so another thread's text can come between the two. Here a
    thread's text waits for its own newline, or for its flush().
    """

    def __init__(self, descriptor: int) -> None:
        raw: BinaryIO = os.fdopen(descriptor, "wb", closefd=False)
        # Whatever the locale says: a print() must not fail.
        super().__init__(raw, encoding="utf-8", errors="backslashreplace", line_buffering=True)
        self._begun: Dict[int, str] = {}  # thread to its unfinished line
        self.mode = "w"

    def write(self, text: str) -> int:
        """Prints the lines that are complete now."""
        thread = get_ident()
        begun = self._begun.pop(thread, "")
        lines, newline, rest = (begun + text if begun else text).rpartition("\n")
        if newline:
            super().write(lines + newline)
        if rest:
            if len(rest) > _LONGEST:
                super().write(rest)
            else:
                self._begun[thread] = rest
        return len(text)

    def flush(self) -> None:
        """Prints what this thread has begun."""
        rest = self._begun.pop(get_ident(), "") if not self.closed else ""
        if rest:
            super().write(rest)
        super().flush()

    def flush_all(self) -> None:
        """Prints what any thread has begun: the process ends."""
        for thread in list(self._begun):
            super().write(self._begun.pop(thread, ""))
        self.flush()
