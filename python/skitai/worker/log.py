"""The levels of a LOG frame, and tracebacks as an app's author wants to see them."""

from __future__ import annotations

import os
from types import TracebackType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional

DEBUG, INFO, WARNING, ERROR = range(4)

_OURS = os.path.dirname(os.path.abspath(__file__)) + os.sep


def summary(error: BaseException) -> str:
    """The last line of a traceback: `ZeroDivisionError: division by zero`; for a SyntaxError, where it is."""
    kind = type(error)
    name = kind.__name__ if kind.__module__ in ("builtins", "__main__") else "%s.%s" % (kind.__module__, kind.__qualname__)
    if isinstance(error, SyntaxError):
        return "%s: %s (%s:%s)" % (name, error.msg, error.filename, error.lineno)
    try:
        text = str(error)
    except Exception:
        text = "<its text cannot be had>"
    return " ".join(("%s: %s" % (name, text) if text else name).split())


def traceback_text(error: BaseException) -> str:
    """The traceback, without the frames of this package and of the import machinery above the app's own."""
    import traceback

    return "".join(traceback.format_exception(type(error), error, _apps_own(error.__traceback__))).rstrip("\n")


def _apps_own(trace: Optional[TracebackType]) -> Optional[TracebackType]:
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if not (file.startswith((_OURS, "<frozen importlib")) or file.replace(os.sep, "/").endswith("/importlib/__init__.py")):
            return trace
        trace = trace.tb_next
    return None
