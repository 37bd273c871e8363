"""wsgi.file_wrapper: a file that the engine sends by itself (PEP 3333, "Optional Platform-Specific File Handling")."""

from __future__ import annotations

import io
import os
import stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterator, Optional, Tuple


class FileWrapper:
    """Wraps a file-like object that the app returns as its answer.

    Around a regular file, opened in binary mode, the engine sends the file's bytes. Around anything else, and wherever a
    middleware iterates it, it reads and yields blocks.
    """

    def __init__(self, filelike: Any, block_size: int = 8192) -> None:
        self.filelike = filelike
        self.block_size = block_size
        if hasattr(filelike, "close"):
            self.close = filelike.close

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        block = self.filelike.read(self.block_size)
        if not block:
            raise StopIteration
        return block

    def file_range(self) -> Optional[Tuple[int, int, int]]:
        """Descriptor, current position and bytes from there on; None if this is not simply a regular file."""
        file = self.filelike
        # tempfile's wrappers keep the real file in an attribute.
        inner = getattr(file, "file", file)
        # Exact types: something like GzipFile has a fileno() too, but not of what it reads as.
        if type(inner) not in (io.BufferedReader, io.BufferedRandom, io.FileIO):
            return None
        if type(inner) is not io.FileIO and type(inner.raw) is not io.FileIO:
            return None
        try:
            if not inner.readable():
                return None
            inner.flush()
            number = inner.fileno()
            status = os.fstat(number)
            if not stat.S_ISREG(status.st_mode):
                return None
            offset = inner.tell()
        except (OSError, ValueError):
            return None
        return number, offset, max(0, status.st_size - offset)
