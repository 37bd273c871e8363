"""The source files an app was loaded from, for `use_reloader`: seen at the very moment they are read."""

from __future__ import annotations

import os
import sys
from importlib.machinery import SourceFileLoader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Tuple

    SourceFile = Tuple[str, int, int]  # path, mtime_ns, size; a file that is missing has 0 and -1

_seen: Dict[str, Tuple[int, int]] = {}


def observe() -> None:
    """From now on every import of a source file is noted.

    importlib asks path_stats() for time and size before it reads a file, so a change made while the app is being
    imported is a change to us, too: what the list holds is what was loaded.
    """

    def path_stats(self: SourceFileLoader, path: Any) -> Dict[str, Any]:
        status = os.stat(path)
        _seen[os.fspath(path)] = (status.st_mtime_ns, status.st_size)
        return {"mtime": status.st_mtime, "size": status.st_size}

    SourceFileLoader.path_stats = path_stats  # type: ignore[method-assign, assignment]


def count() -> int:
    """How many files were noted; grows with every import."""
    return len(_seen)


def files(start: int = 0) -> List[SourceFile]:
    """The files noted, from number `start` on: without the standard library, site-packages and this package."""
    return [(path, *times) for path, times in list(_seen.items())[start:] if not _is_foreign(path)]


def look(path: str) -> SourceFile:
    """A file as it is now."""
    try:
        status = os.stat(path)
        return path, status.st_mtime_ns, status.st_size
    except OSError:
        return path, 0, -1


def _is_foreign(path: str) -> bool:
    return (
        "/site-packages/" in path or "/dist-packages/" in path
        or path.startswith((_STANDARD_LIBRARY, _OURS, "<"))
    )


_STANDARD_LIBRARY = os.path.dirname(os.path.abspath(os.__file__)) + os.sep
_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
