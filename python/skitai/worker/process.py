"""What the worker does to its own process: descriptors, signals, the parent's death, the end."""

from __future__ import annotations

import atexit
import faulthandler
import os
import signal
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

FRAMES = 3  # the descriptor of the frame socket
DUMPS = 4  # where thread dumps go
_PR_SET_PDEATHSIG = 1


def prepare() -> None:
    """Output by the line, signals, no outliving of the engine."""
    parent = os.getppid()
    for stream in (sys.stdout, sys.stderr):
        # Whatever the locale: a print() must neither fail nor wait.
        stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)  # type: ignore[union-attr]
    os.set_inheritable(FRAMES, False)  # a child of the app must not keep the socket open
    try:
        os.set_inheritable(DUMPS, False)
        faulthandler.register(signal.SIGUSR2, file=DUMPS, all_threads=True)
    except OSError:
        pass  # started without the pipe
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    on_terminate(lambda: os._exit(0))  # until there is anything in hand
    _die_with_parent(parent)


def on_terminate(action: Callable[[], None]) -> None:
    """What SIGTERM does from now on."""

    def handle(number: int, frame: Any) -> None:
        action()

    signal.signal(signal.SIGTERM, handle)


def _die_with_parent(parent: int) -> None:
    """Asks the kernel for SIGKILL when the engine dies.

    The end of the socket says the same, but a thread that never lets go of the interpreter lock would not see it.
    """
    try:
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    except (ImportError, OSError, AttributeError):
        return
    if os.getppid() != parent:
        os._exit(1)  # it died just before


def end_at_exit(status: Callable[[], int]) -> None:
    """Makes the very last of the atexit handlers end the process: threads that still run cannot disturb that."""

    def end() -> None:
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except (OSError, ValueError):
                pass
        os._exit(status())

    atexit.register(end)
