"""From the start of the process to its end."""

from __future__ import annotations

import json
import os
import sys
import threading

import skitai

from . import loader, process, sources
from .channel import Channel, ProtocolError
from .environ import base_environ
from .frames import FAILED, HELLO, LOAD, PROTOCOL, READY, frame
from .serving import Serving

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Tuple


def main() -> None:
    """Runs the worker."""
    process.prepare()
    status = [0]
    process.end_at_exit(lambda: status[0])
    channel = Channel(process.FRAMES)
    channel.send(frame(HELLO, 0, _json({
        "protocol": PROTOCOL, "pid": os.getpid(), "python": "%d.%d.%d" % sys.version_info[:3]})))
    load, early = _receive_load(channel)
    skitai.in_worker = True
    sources.observe()
    try:
        app, path = loader.load(load["directory"], load["module"], load["callable"])
    except loader.LoadError as error:
        channel.send(frame(FAILED, 0, _json({
            "error": str(error),
            "traceback": error.traceback,
            "files": loader.to_watch(load["directory"], load["module"]),
        })))
        status[0] = 1
        return
    serving = Serving(channel, app, base_environ(load, path, skitai.version_info), load["threads"])
    use_reloader = _flag(app, "use_reloader")
    channel.send(frame(READY, 0, _json({"kind": "wsgi", "debug": _flag(app, "debug"), "use_reloader": use_reloader})))
    if use_reloader:
        serving.report_sources()
    leadership = serving.leadership
    # A signal handler must not wait for a lock that the interrupted code may hold.
    process.on_terminate(lambda: threading.Thread(target=leadership.stop, name="stop", daemon=True).start())
    for kind, flags, stream, payload in early:
        serving.dispatch(kind, flags, stream, memoryview(payload))
    leadership.start()
    leadership.watch()


def _receive_load(channel: Channel) -> Tuple[Dict[str, Any], List[Tuple[int, int, int, bytes]]]:
    """LOAD, and the frames that came in one piece with it."""
    frames: List[Tuple[int, int, int, bytes]] = []

    def dispatch(kind: int, flags: int, stream: int, payload: memoryview) -> None:
        if not frames and kind != LOAD:
            raise ProtocolError("the first frame is of type %d, not LOAD" % kind)
        frames.append((kind, flags, stream, bytes(payload)))

    while not frames:
        if not channel.receive(dispatch):
            os._exit(1)
    load: Dict[str, Any] = json.loads(frames[0][3])
    if load["protocol"] != PROTOCOL:
        channel.fail("the engine speaks version %r of the worker protocol, this worker %d" % (load["protocol"], PROTOCOL))
    return load, frames[1:]


def _json(value: Any) -> bytes:
    return json.dumps(value).encode("utf-8")


def _flag(app: Any, name: str) -> bool:
    try:
        return bool(getattr(app, name, False))
    except Exception:
        return False
