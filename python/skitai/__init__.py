"""skitai: what an app may import from the daemon that serves it."""

from __future__ import annotations

version_info = (0, 1, 0)
__version__ = ".".join(map(str, version_info))
NAME = "skitaid/" + __version__

#: True inside an app worker, where run() does nothing: the app is being served already.
in_worker = False

WS_SIMPLE = WEBSOCKET_SIMPLE = 1
WS_DEDICATE = WEBSOCKET_DEDICATE_THREADSAFE = 4
WS_GROUPCHAT = WEBSOCKET_GROUPCHAT = 5

WS_EVT_INIT = "init"
WS_EVT_OPEN = "open"
WS_EVT_CLOSE = "close"
WS_EVT_NONE = None

WS_MSG_JSON = "json"
WS_MSG_XMLRPC = "xmlrpc"
WS_MSG_GRPC = "grpc"
WS_MSG_DEFAULT = None

WS_OPCODE_TEXT = 1
WS_OPCODE_BINARY = 2
WS_OPCODE_CLOSE = 8
WS_OPCODE_PING = 9
WS_OPCODE_PONG = 10

DB_PGSQL = "*postgresql"
DB_SQLITE3 = "*sqlite3"
DB_REDIS = "*redis"
DB_MONGODB = "*mongodb"


def run(**conf: object) -> None:
    """Serves apps and directories from `python3 app.py`, by replacing this process with `skitaid run`.

    skitai.run(mount=("/", app), port=5000): see skitai.running for every keyword. Returns only inside a worker, where it
    does nothing, so that a call at module level does no harm.
    """
    if not in_worker:
        from .running import execute

        execute(conf)
