"""wsgi.input for a body that was not complete in the REQUEST frame."""

from __future__ import annotations

import io

from .frames import CREDIT, U32, WINDOW_OUT, frame
from .stream import Aborted, Stream

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .channel import Channel
    from .leadership import Leadership

_BUFFER = 64 * 1024
_GIVEN_UP = "the request was given up: the client is gone, or its body came too slowly or broken"


class _Body(io.RawIOBase):
    """The bytes of the body as they come. Gives credit back when half of it has been read."""

    def __init__(self, stream: Stream, channel: Channel, leadership: Leadership) -> None:
        self._stream = stream
        self._channel = channel
        self._leadership = leadership
        self._current = memoryview(stream.body)
        self._uncredited = -len(stream.body)  # the REQUEST frame's own part needs no credit

    def readable(self) -> bool:
        return True

    def readinto(self, target: memoryview) -> int:  # type: ignore[override]
        stream = self._stream
        if stream.aborted:
            raise Aborted(_GIVEN_UP)
        current = self._current
        if not current:
            assert stream.chunks is not None
            if not stream.has_input():
                self._leadership.wait(stream, stream.has_input)
            if stream.aborted:
                raise Aborted(_GIVEN_UP)
            if not stream.chunks:
                return 0
            current = memoryview(stream.chunks.popleft())
        count = min(len(target), len(current))
        target[:count] = current[:count]
        self._current = current[count:]
        self._uncredited += count
        if self._uncredited >= CREDIT // 2 and not stream.complete:
            self._channel.send(frame(WINDOW_OUT, stream.id, U32.pack(self._uncredited)))
            self._uncredited = 0
        return count


def streamed_input(stream: Stream, channel: Channel, leadership: Leadership) -> io.BufferedReader:
    """A reader that waits for the engine where it must, and never past the body's end."""
    return io.BufferedReader(_Body(stream, channel, leadership), _BUFFER)
