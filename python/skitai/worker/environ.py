"""The WSGI environ: what is the same for every request, and the block a REQUEST brings (PEP 3333)."""

from __future__ import annotations

import sys

from .filewrapper import FileWrapper

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict

    Environ = Dict[str, Any]


def base_environ(load: Dict[str, Any], script: str, version: Any) -> Environ:
    """The part of the environ that no request changes."""
    threads = load["threads"]
    processes = load["processes"]
    return {
        "GATEWAY_INTERFACE": "CGI/1.1",
        "SERVER_SOFTWARE": load["software"],
        "SCRIPT_PATH": script,
        "wsgi.version": (1, 0),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": threads > 1,
        "wsgi.multiprocess": processes > 1,
        "wsgi.run_once": False,
        "wsgi.input_terminated": True,
        "wsgi.file_wrapper": FileWrapper,
        "skitai.version": version,
        "skitai.process": processes,
        "skitai.thread": threads,
    }


def parse_block(block: str) -> Environ:
    """The environ block of a REQUEST: `KEY NUL VALUE NUL KEY NUL VALUE ...`."""
    parts = iter(block.split("\0"))
    return dict(zip(parts, parts))
