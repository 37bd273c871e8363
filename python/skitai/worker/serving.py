"""Requests: from a REQUEST frame through the app to the closing frame."""

from __future__ import annotations

import io
import json
from time import monotonic

from . import log, sources
from .channel import Channel, ProtocolError
from .environ import parse_block
from .frames import ABORT, DATA, END, FILE_DONE, FILES, LOG, REQUEST, SHUTDOWN, U32, WINDOW, frame
from .input import streamed_input
from .leadership import Leadership
from .response import Response
from .stream import Aborted, Stream

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict

    from .environ import Environ


class Serving:
    """Runs one app."""

    def __init__(self, channel: Channel, app: Callable[..., Any], base: Environ, threads: int) -> None:
        self.channel = channel
        self._app = app
        self._base = base
        self._streams: Dict[int, Stream] = {}  # those without a closing frame yet
        self._sources = -1  # how many source files have been reported; -1: the app does not want to be reloaded
        self._next_look = 0.0
        self.leadership = Leadership(channel, threads, self.dispatch, self.run)

    def log(self, level: int, text: str) -> None:
        """A LOG frame: a message of ours, as one piece, in app.log."""
        self.channel.send(frame(LOG, 0, bytes((level,)) + text.encode("utf-8", "backslashreplace")))

    @staticmethod
    def describe(stream: Stream) -> str:
        """`GET /path`, from what the client sent: percent-encoded, so on one line."""
        environ = parse_block(stream.block)
        return "%s %s" % (environ.get("REQUEST_METHOD"), environ.get("REQUEST_URI"))

    def forget(self, stream: Stream) -> None:
        """The stream's closing frame is about to go."""
        self._streams.pop(stream.id, None)

    # -- frames from the engine -------------------------------------------------------------------------------------

    def dispatch(self, kind: int, flags: int, id: int, payload: memoryview) -> None:
        """Takes one frame. Called by whoever reads."""
        if kind == REQUEST:
            size = U32.unpack_from(payload)[0] + 4
            stream = Stream(id, str(payload[4:size], "latin-1"), bytes(payload[size:]), bool(flags & END))
            self._streams[id] = stream
            self.leadership.ready.append(stream)
            return
        if kind == SHUTDOWN:
            self.leadership.stop()
            return
        known = self._streams.get(id)
        if kind == DATA:
            # For a stream that is over already this is what its app has left unread.
            if known is not None and known.chunks is not None:
                if payload:
                    known.chunks.append(bytes(payload))
                if flags & END:
                    known.complete = True
                self.leadership.notify(known)
        elif kind == WINDOW:
            if known is not None:
                known.granted += U32.unpack(payload)[0]
                self.leadership.notify(known)
        elif kind == ABORT:
            if known is not None:
                known.aborted = True
                self.leadership.notify(known)
        elif kind == FILE_DONE:
            if known is not None:
                known.file_done = True
                self.leadership.notify(known)
        else:
            raise ProtocolError("a frame of the unknown type %d" % kind)

    # -- one request ------------------------------------------------------------------------------------------------

    def run(self, stream: Stream) -> None:
        """Runs the app for one request; the closing frame is sent when this returns."""
        environ = self._base.copy()
        environ.update(parse_block(stream.block))
        response = Response(self, stream, environ["REQUEST_METHOD"])
        if stream.aborted:
            response.reset("given up")
            return
        if stream.complete and not stream.chunks:
            environ["wsgi.input"] = io.BytesIO(stream.body)
        else:
            environ["wsgi.input"] = streamed_input(stream, self.channel, self.leadership)
        result = None
        try:
            result = self._app(environ, response.start_response)
            response.answer(result)
        except BaseException as error:
            self._failed(stream, response, error)
        if result.__class__ is not list:
            close = getattr(result, "close", None)
            if close is not None:
                try:
                    close()
                except BaseException as error:
                    self._failed(stream, response, error)
        if not response.closed:
            response.finish()
        if self._sources >= 0 and sources.count() > self._sources and monotonic() >= self._next_look:
            self.report_sources()

    def report_sources(self) -> None:
        """Tells the engine which source files were loaded since the last time, at most once a second."""
        self._next_look = monotonic() + 1
        start = max(0, self._sources)
        self._sources = sources.count()
        files = sources.files(start)
        if files:
            self.channel.send(frame(FILES, 0, json.dumps(files).encode("utf-8")))

    def _failed(self, stream: Stream, response: Response, error: BaseException) -> None:
        """The app raised: the log gets the traceback, the client a 500 or, after the head, a cut connection."""
        if stream.aborted and isinstance(error, Aborted):
            return
        text = log.traceback_text(error)
        reason = log.summary(error)
        self.log(log.ERROR, "%s: %s\n%s" % (self.describe(stream), reason, text))
        if not stream.aborted and not response.replace("500 Internal Server Error", self._error_page(text)):
            response.broken = reason

    def _error_page(self, text: str) -> str:
        page = "<!doctype html>\n<title>500 Internal Server Error</title>\n<h1>Internal Server Error</h1>\n"
        try:
            debug = bool(getattr(self._app, "debug", False))
        except Exception:
            debug = False
        if not debug:
            return page + "<p>The application failed to answer. Its log says why.</p>\n"
        import html

        return page + "<pre>%s</pre>\n" % html.escape(text)
