"""Adaptive leadership: threads without the price of a queue.

One thread leads: it reads a batch of frames, runs the requests in it one after the other and sends the answers together.
While apps answer quickly nothing else ever runs, as if there were one thread. Leadership moves on when

- a request runs longer than a tick: the watcher (the main thread) notices, sends what waits and makes an idle thread the
  leader; the slow request goes on where it is, its thread is a follower now;
- the app is known to block: the leader passes leadership on before it runs the request;
- a thread is about to wait for the engine itself (body bytes, credit, the end of a file).

With no idle thread left somebody reads on all the same, because frames also end waits: a thread that waits for the engine
reads frames while it waits, and the watcher reads when all threads are busy in app code. Requests that arrive then lie in
`ready` until a thread is free.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from time import perf_counter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Deque, List, Union

    from .channel import Channel, Dispatch
    from .stream import Stream

TICK = 0.002  # seconds; how often the watcher looks
_QUIET_TICKS = 8  # so many looks without work, then the watcher sleeps until it is woken
_BLOCKING = 0.001  # an app whose requests take longer than this on average is run after passing leadership on
_OUTLIER = 0.008  # a longer request counts as this long, so that one slow answer is soon forgotten


class AppThread:
    """A thread that runs the app."""

    __slots__ = ("wake",)

    def __init__(self) -> None:
        self.wake = threading.Lock()  # released to wake the thread up as the leader
        self.wake.acquire()


class _Watcher:
    """Stands for the main thread where it reads because all others are busy."""

    __slots__ = ()


class Leadership:
    """The threads of a worker and which of them reads."""

    def __init__(self, channel: Channel, limit: int, dispatch: Dispatch, run: Callable[[Stream], None]) -> None:
        self._channel = channel
        self._limit = max(1, limit)
        self._dispatch = dispatch
        self._run = run
        self.ready: Deque[Stream] = deque()  # requests that no thread has taken yet
        self._lock = threading.Lock()  # guards who leads and who is idle; never held over a system call
        self._idle: List[AppThread] = []
        self._started = 0
        self._watcher = _Watcher()
        self._busy = False  # the leader does something else than reading
        self._at_rest = False  # the leader reads and has no request in hand
        self._turn = 0  # changes with every request of the leader: the watcher sees whether it still is the same one
        self._average = 0.0  # seconds a request takes
        self._asleep = False
        self._wake = threading.Lock()
        self._wake.acquire()
        self._stopping = False
        self._closing = False
        self._end_of_stream = False
        self._finished = False

    # -- the app threads --------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Starts the first thread, as the leader. The others start when they are first needed."""
        with self._lock:
            self._promote()

    def _promote(self) -> None:
        """Makes an idle thread, or a new one, the leader. Called with the lock held, and only if `_available()`."""
        self._busy = True
        self._turn += 1
        if self._idle:
            thread = self._idle.pop()  # the last to have worked: its caches are the warmest
            self._channel.leader = thread
            thread.wake.release()
            return
        thread = AppThread()
        self._started += 1
        self._channel.leader = thread
        threading.Thread(target=self._live, args=(thread,), name="app-%d" % self._started, daemon=True).start()

    def _available(self) -> bool:
        return bool(self._idle) or self._started < self._limit

    def _live(self, me: AppThread) -> None:
        ready = self.ready
        channel = self._channel
        while True:
            if channel.leader is me:
                self._lead(me)
            while ready and channel.leader is not me:
                self._take(me)
            with self._lock:
                if ready:
                    continue
                self._idle.append(me)
            if self._stopping:
                self._end_if_drained()
            me.wake.acquire()

    def _lead(self, me: AppThread) -> None:
        """Reads and runs until leadership has gone to another thread."""
        channel = self._channel
        ready = self.ready
        lock = self._lock
        dispatch = self._dispatch
        while True:
            while ready:
                if self._average > _BLOCKING and self._pass_on(me):
                    self._take(me)
                    return
                self._turn += 1
                self._take(me)
                if channel.leader is not me:
                    return
            channel.flush()
            with lock:
                if channel.leader is not me:
                    return
                self._busy = False
                self._at_rest = True
            if self._stopping:
                self._end_if_drained()
            if not channel.receive(dispatch):
                self._end_of_reading(me)
                return
            self._at_rest = False
            self._busy = True
            if self._asleep:
                self._wake_watcher()

    def _take(self, me: AppThread) -> None:
        """Runs the oldest waiting request, if another thread has not been faster."""
        try:
            stream = self.ready.popleft()
        except IndexError:
            return
        stream.thread = me
        started = perf_counter()
        self._run(stream)
        elapsed = perf_counter() - started
        self._average += ((elapsed if elapsed < _OUTLIER else _OUTLIER) - self._average) * 0.125

    def _pass_on(self, me: AppThread) -> bool:
        """Gives leadership from `me` to an idle thread; False if there is none or `me` does not lead."""
        with self._lock:
            if self._channel.leader is not me or not self._available():
                return False
            self._promote()
        self._channel.flush()
        return True

    # -- waiting for the engine -------------------------------------------------------------------------------------

    def wait(self, stream: Stream, condition: Callable[[], bool]) -> None:
        """Returns when `condition()` of the stream is true, which a frame from the engine makes it."""
        me = stream.thread
        assert me is not None
        channel = self._channel
        while not condition():
            if channel.leader is me:
                if self._pass_on(me):
                    continue
                channel.flush()
                with self._lock:
                    if channel.leader is not me:
                        continue
                    self._busy = False
                if not channel.receive(self._dispatch):
                    os._exit(1)  # the engine is gone
                self._turn += 1
                self._busy = True
                if self._asleep:
                    self._wake_watcher()
                if self.ready:
                    self._pass_on(me)
                continue
            with self._lock:
                if condition():
                    return
                wake = stream.wake
                if wake is None:
                    wake = stream.wake = threading.Lock()
                    wake.acquire()
                stream.waiting = True
            wake.acquire()

    def notify(self, stream: Stream) -> None:
        """Something arrived for the stream: wakes its thread if that waits."""
        with self._lock:
            if stream.waiting:
                stream.waiting = False
                assert stream.wake is not None
                stream.wake.release()

    # -- the watcher: the main thread -------------------------------------------------------------------------------

    def watch(self) -> None:
        """Looks after the leader until the worker has ended. Runs in the main thread, which also gets the signals."""
        last = -1
        quiet = 0
        while not self._finished:
            if self._busy:
                quiet = 0
                turn = self._turn
                if turn == last:
                    self._relieve(turn)
                last = turn
            else:
                last = -1
                quiet += 1
                if quiet > _QUIET_TICKS:
                    quiet = 0
                    self._sleep()
                    continue
            self._wake.acquire(timeout=TICK)

    def _sleep(self) -> None:
        # First asleep, then the look at busy; the leader does it the other way round: one of the two sees the other.
        self._asleep = True
        if self._busy or self._finished:
            with self._lock:
                if self._asleep:
                    self._asleep = False
                    return
        self._wake.acquire()

    def _wake_watcher(self) -> None:
        with self._lock:
            if self._asleep:
                self._asleep = False
                self._wake.release()

    def _relieve(self, turn: int) -> None:
        """The leader has been in the same request for a tick: another thread leads from now on."""
        channel = self._channel
        with self._lock:
            if not self._busy or self._turn != turn:
                return
            if self._available():
                self._promote()
            else:
                channel.leader = self._watcher
                self._busy = False
        channel.flush()
        if channel.leader is self._watcher:
            self._read_for_all()

    def _read_for_all(self) -> None:
        """Reads until a request meets a free thread, which then leads."""
        channel = self._channel
        while channel.receive(self._dispatch):
            if self.ready:
                with self._lock:
                    if self.ready and self._available():
                        self._promote()
                        return
        self._end_of_reading(None)

    # -- the end ----------------------------------------------------------------------------------------------------

    def stop(self) -> None:
        """Ends the worker as soon as nothing is in hand any more; more requests may come until then."""
        self._stopping = True
        self._end_if_drained()

    def _end_if_drained(self) -> None:
        with self._lock:
            if self.ready or self._finished:
                return
            if self._started - len(self._idle) - self._at_rest > 0:
                return
            if self._end_of_stream:
                self._finished = True
                if self._asleep:
                    self._asleep = False
                    self._wake.release()
                return
            self._closing = True
        # Ends the leader's read, but only after the requests that have arrived by now; later ones fail to be sent.
        import socket

        with socket.socket(fileno=os.dup(self._channel.fd)) as end:
            try:
                end.shutdown(socket.SHUT_RD)
            except OSError:
                pass

    def _end_of_reading(self, me: Union[AppThread, None]) -> None:
        if not self._closing:
            os._exit(1)  # the engine is gone
        with self._lock:
            self._end_of_stream = True
            self._at_rest = False
            self._channel.leader = None
            self._busy = False
        if me is None:
            self._end_if_drained()
