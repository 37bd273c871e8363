"""One answer: start_response, write, the result an app returns, and the frames they become (PEP 3333)."""

from __future__ import annotations


from . import log
from .filewrapper import FileWrapper
from .frames import DATA_OUT, END, FILE, FILE_RANGE, MAX_DATA, RESET, frame, response
from .head import Head, encode
from .stream import Aborted, Stream

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, List, Optional, Tuple, Union

    from .serving import Serving

_TOLERATED = "200 OK", [("Content-Type", "text/html; charset=utf-8")]


class Response:
    """The answer to one request."""

    __slots__ = ("_serving", "_channel", "_stream", "_method", "_head", "_started", "closed", "_rest", "_bodiless", "_cut",
                 "broken")

    def __init__(self, serving: Serving, stream: Stream, method: str) -> None:
        self._serving = serving
        self._channel = serving.channel
        self._stream = stream
        self._method = method
        self._head: Optional[Head] = None
        self._started = False  # the head has been sent
        self.closed = False  # the closing frame has been sent
        self._rest: Optional[int] = None  # bytes to come by Content-Length
        self._bodiless = False
        self._cut = False
        self.broken = ""  # why the answer cannot be finished

    # -- what the app calls -----------------------------------------------------------------------------------------

    def start_response(self, status: str, headers: List[Tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], None]:
        """PEP 3333's start_response. Checks everything here and now, so that the error points at the caller."""
        if exc_info:
            try:
                if self._started:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None  # no cycle through this frame
        elif self._head is not None:
            raise AssertionError("start_response was called twice without exc_info")
        head = encode(status, headers)
        self._head = head
        self._rest = head.length
        self._bodiless = self._method == "HEAD" or head.status == 204 or head.status == 304
        return self.write

    def write(self, data: Union[bytes, str]) -> None:
        """What start_response returns: sends at once."""
        if self._head is None:
            raise AssertionError("write() before start_response()")
        if data.__class__ is not bytes:
            data = _as_bytes(data)
        if data:
            self._put(data)  # type: ignore[arg-type]

    # -- what becomes of the result ---------------------------------------------------------------------------------

    def answer(self, result: Any) -> None:
        """Sends what the app returned. Does not close it."""
        if isinstance(result, (list, tuple)):
            self._answer_whole(result)
        elif isinstance(result, (bytes, str)):
            self._answer_whole((result,))
        elif type(result) is FileWrapper:
            self._answer_file(result)
        elif result is None:
            raise TypeError("the app returned None, not an iterable of bytes")
        else:
            for chunk in result:
                if chunk.__class__ is not bytes:
                    chunk = _as_bytes(chunk)
                if not chunk:
                    continue
                self._need_head()
                self._put(chunk)
                if self.closed and self._bodiless:
                    break

    def finish(self) -> None:
        """The app is through with the request: sends the closing frame, unless that has been done."""
        if self.closed:
            return
        if self._stream.aborted:
            self.reset("given up")
            return
        if self.broken:
            self.reset(self.broken)
            return
        self._need_head()
        if self._rest and not self._bodiless:
            text = "the answer is shorter than its Content-Length: %d bytes are missing" % self._rest
            self._serving.log(log.ERROR, "%s: %s" % (self._serving.describe(self._stream), text))
            self.reset(text)
        elif self._started:
            self._close(frame(DATA_OUT, self._stream.id, b"", END))
        else:
            self._send_head(b"", True)

    def _answer_whole(self, chunks: Any) -> None:
        """A result that is complete: one frame, if it is short enough."""
        if len(chunks) == 1:
            body = chunks[0]
            if body.__class__ is not bytes:
                body = _as_bytes(body)
        else:
            try:
                body = b"".join(chunks)
            except TypeError:
                body = b"".join([_as_bytes(chunk) for chunk in chunks])
        head = self._head
        if head is None:
            head = self._need_head()
        if self._started:
            if body:
                self._put(body)
            return
        size = len(body)
        if self._bodiless:
            if size and head.length is None and self._method == "HEAD" and head.status not in (204, 304):
                head.block += b"\0Content-Length\0%d" % size  # what GET would say
            self._send_head(b"", True)
        elif head.length is not None and size != head.length:
            if body:
                self._put(body)
        elif size <= MAX_DATA and not self._stream.aborted:
            self._send_head(body, True)
        else:
            self._rest = size  # so that the last frame is the closing one
            self._put(body)

    def _answer_file(self, wrapper: FileWrapper) -> None:
        """A wrapped file: the engine sends it; this thread waits until the engine has opened it for itself."""
        found = wrapper.file_range()
        if found is None:
            for chunk in wrapper:
                self._need_head()
                self.write(chunk)
                if self.closed and self._bodiless:
                    break
            return
        number, offset, length = found
        head = self._need_head()
        if self._rest is None and not self._started:
            head.block += b"\0Content-Length\0%d" % length
            self._rest = length
        elif self._rest is not None and length > self._rest:
            length = self._rest  # a part of the file, by Content-Length
        if self._bodiless or not length:
            return
        stream = self._stream
        if stream.aborted:
            raise Aborted("the request was given up")
        data = frame(FILE, stream.id, FILE_RANGE.pack(number, offset, length))
        if not self._started:
            self._started = True
            data = response(stream.id, head.block, b"", 0) + data
        if self._rest is not None:
            self._rest -= length
        self._channel.send(data)
        self._serving.leadership.wait(stream, stream.is_file_done)
        if stream.aborted:
            raise Aborted("the request was given up")

    # -- frames -----------------------------------------------------------------------------------------------------

    def _need_head(self) -> Head:
        head = self._head
        if head is None:
            # An app that answers without start_response is served as it was by the daemon's first generation.
            self.start_response(*_TOLERATED)
            head = self._head
            assert head is not None
        return head

    def _put(self, data: bytes) -> None:
        """Sends a part of the body, waiting for credit where it must. With the last byte of Content-Length, closes."""
        stream = self._stream
        if self.closed:
            if not self._bodiless:
                self._report_cut()
            return
        if stream.aborted:
            raise Aborted("the request was given up")
        if self._bodiless:
            self._send_head(b"", True)
            return
        last = False
        rest = self._rest
        if rest is not None:
            if len(data) > rest:
                self._report_cut()
                data = data[:rest]
            rest -= len(data)
            self._rest = rest
            last = rest == 0
        at = 0
        if not self._started:
            at = min(len(data), MAX_DATA)
            self._send_head(data[:at], last and at == len(data))
        while at < len(data):
            if stream.granted <= stream.used:
                self._serving.leadership.wait(stream, stream.has_credit)
            if stream.aborted:
                raise Aborted("the request was given up")
            size = min(len(data) - at, MAX_DATA, stream.granted - stream.used)
            stream.used += size
            part = data[at:at + size]
            at += size
            if last and at == len(data):
                self._close(frame(DATA_OUT, stream.id, part, END))
            else:
                self._channel.send(frame(DATA_OUT, stream.id, part))

    def _report_cut(self) -> None:
        if not self._cut:
            self._cut = True
            self._serving.log(log.WARNING, "%s: the answer is longer than its Content-Length and was cut" % (
                self._serving.describe(self._stream)))

    def _send_head(self, body: bytes, last: bool) -> None:
        head = self._head
        assert head is not None
        self._started = True
        if last:
            self._close(response(self._stream.id, head.block, body, END))
        else:
            self._channel.send(response(self._stream.id, head.block, body, 0))

    def _close(self, data: bytes) -> None:
        self.closed = True
        stream = self._stream
        # Before the frame goes: as soon as the engine has it, it may use the id again.
        self._serving.forget(stream)
        stream.aborted = True  # what is left of the body cannot be read any more
        self._channel.post(stream.thread, data)

    def reset(self, reason: str) -> None:
        """Closes without a proper end."""
        if not self.closed:
            self._close(frame(RESET, self._stream.id, reason.encode("utf-8", "replace")))

    def replace(self, status: str, body: str) -> bool:
        """Answers with a page of our own; False if the app's own answer has been begun."""
        if self._started or self.closed:
            return False
        self._head = None
        self.start_response(status, [("Content-Type", "text/html; charset=utf-8")])
        self._answer_whole((body,))
        return True


def _as_bytes(chunk: Any) -> bytes:
    if isinstance(chunk, str):
        return chunk.encode("utf-8")
    if isinstance(chunk, (bytes, bytearray, memoryview)):
        return bytes(chunk)
    raise TypeError("the app's answer holds a %s where bytes belong: %.60r" % (type(chunk).__name__, chunk))
