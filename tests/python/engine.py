"""A small engine for the tests: starts the real worker on a real socket pair and speaks its protocol."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import socket
import struct
import sys
import tempfile
import textwrap
import threading
import time
import unittest
from typing import Any, Dict, List, Optional, Tuple

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", "python"))
DEADLINE = 20.0  # seconds; for things that take milliseconds on an idle machine

LOAD, REQUEST, DATA, WINDOW, ABORT, FILE_DONE, SHUTDOWN = range(1, 8)
HELLO, READY, FAILED, RESPONSE, DATA_OUT, RESET, FILE, WINDOW_OUT, LOG, FILES = range(16, 26)
END = 1
CREDIT = 256 * 1024


class Frame:
    """A frame as received."""

    def __init__(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        self.kind = kind
        self.end = bool(flags & END)
        self.stream = stream
        self.payload = payload

    def __repr__(self) -> str:
        return "Frame(%d, end=%s, stream=%d, %d bytes: %.60r)" % (
            self.kind, self.end, self.stream, len(self.payload), self.payload)


class Answer:
    """All that came for one request."""

    def __init__(self) -> None:
        self.status = ""
        self.headers: List[Tuple[str, str]] = []
        self.body = b""
        self.reset: Optional[str] = None
        self.frames: List[Frame] = []

    def header(self, name: str) -> Optional[str]:
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        return values[0] if values else None

    def add(self, frame: Frame, pid: int) -> None:
        self.frames.append(frame)
        if frame.kind == RESPONSE:
            size = struct.unpack_from("<I", frame.payload)[0]
            parts = frame.payload[4:4 + size].decode("latin-1").split("\0")
            self.status = parts[0]
            self.headers = list(zip(parts[1::2], parts[2::2]))
            self.body += frame.payload[4 + size:]
        elif frame.kind == DATA_OUT:
            self.body += frame.payload
        elif frame.kind == FILE:
            number, offset, length = struct.unpack("<IQQ", frame.payload)
            with open("/proc/%d/fd/%d" % (pid, number), "rb") as file:
                file.seek(offset)
                self.body += file.read(length)
        elif frame.kind == RESET:
            self.reset = frame.payload.decode("utf-8")


class Engine:
    """One worker and our end of its socket."""

    def __init__(self, directory: str, module: str = "site_app", callable: str = "app", threads: int = 1,
                 processes: int = 1, python: str = sys.executable, environment: Optional[Dict[str, str]] = None) -> None:
        ours, theirs = socket.socketpair()
        self.socket = ours
        out_read, out_write = os.pipe()
        dump_read, self._dump_write = os.pipe()
        self.dumps = dump_read
        null = os.open(os.devnull, os.O_RDONLY)
        high = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 20) for fd in (null, out_write, theirs.fileno(), self._dump_write)]
        actions = [(os.POSIX_SPAWN_DUP2, high[0], 0), (os.POSIX_SPAWN_DUP2, high[1], 1), (os.POSIX_SPAWN_DUP2, high[1], 2),
                   (os.POSIX_SPAWN_DUP2, high[2], 3), (os.POSIX_SPAWN_DUP2, high[3], 4)]
        env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH" or value != ROOT}
        env.update(environment or {})
        before = os.getcwd()
        os.chdir(directory)
        try:
            self.pid = os.posix_spawn(python, [python, os.path.join(ROOT, "skitai", "worker", "__main__.py"), "test:/"], env, file_actions=actions, setpgroup=0)
        finally:
            os.chdir(before)
        for fd in high + [null, out_write]:
            os.close(fd)
        theirs.close()
        self.output = b""
        self._output_condition = threading.Condition()
        self._pump = threading.Thread(target=self._read_output, args=(out_read,), daemon=True)
        self._pump.start()
        self._buffer = b""
        self._next = 0
        self.frames: List[Frame] = []  # of stream 0
        self._streams: Dict[int, List[Frame]] = {}
        self.exit_status: Optional[int] = None
        self.send(LOAD, 0, json.dumps({
            "protocol": 1, "directory": directory, "module": module, "callable": callable, "threads": threads,
            "processes": processes, "name": "test", "mounts": ["/"], "software": "skitaid/0.1.0"}).encode())

    def _read_output(self, fd: int) -> None:
        with open(fd, "rb", buffering=0) as pipe:
            while True:
                data = pipe.read(65536)
                with self._output_condition:
                    self.output += data or b""
                    self._output_condition.notify_all()
                if not data:
                    return

    def wait_output(self, wanted: bytes) -> None:
        with self._output_condition:
            if not self._output_condition.wait_for(lambda: wanted in self.output, DEADLINE):
                raise AssertionError("%r was not printed, but %r" % (wanted, self.output))

    # -- frames -----------------------------------------------------------------------------------------------------

    def send(self, kind: int, stream: int, payload: bytes = b"", flags: int = 0) -> None:
        self.socket.sendall(encode(kind, stream, payload, flags))

    def receive(self, deadline: Optional[float] = None) -> Frame:
        """The next frame, whatever its stream."""
        end = time.monotonic() + (deadline or DEADLINE)
        while True:
            if len(self._buffer) >= 12:
                length, kind, flags, zero, stream = struct.unpack_from("<IBBHI", self._buffer)
                if len(self._buffer) >= 12 + length:
                    payload = self._buffer[12:12 + length]
                    self._buffer = self._buffer[12 + length:]
                    assert zero == 0
                    return Frame(kind, flags, stream, payload)
            self.socket.settimeout(max(0.01, end - time.monotonic()))
            try:
                data = self.socket.recv(1 << 20)
            except socket.timeout:
                raise AssertionError("the worker sent nothing; it printed %r; connection frames %r" % (self.output, self.frames)) from None
            finally:
                self.socket.settimeout(None)
            if not data:
                raise EOFError("the worker closed its socket; it printed %r; connection frames %r" % (self.output, self.frames))
            self._buffer += data

    def next_frame(self, stream: int) -> Frame:
        """The next frame of one stream; others' frames are kept."""
        while True:
            if stream == 0:
                if self.frames:
                    return self.frames.pop(0)
            elif self._streams.get(stream):
                return self._streams[stream].pop(0)
            frame = self.receive()
            if frame.stream == 0:
                self.frames.append(frame)
            else:
                self._streams.setdefault(frame.stream, []).append(frame)

    def next_of(self, kind: int, stream: int = 0) -> Frame:
        """The next frame of a kind on a stream; what comes before it is skipped."""
        while True:
            frame = self.next_frame(stream)
            if frame.kind == kind:
                return frame

    def ready(self) -> Dict[str, Any]:
        """Waits until the app is loaded."""
        hello = self.next_frame(0)
        assert hello.kind == HELLO, hello
        answer = self.next_frame(0)
        assert answer.kind == READY, answer
        return json.loads(answer.payload)

    def failed(self) -> Dict[str, Any]:
        hello = self.next_frame(0)
        assert hello.kind == HELLO, hello
        answer = self.next_frame(0)
        assert answer.kind == FAILED, answer
        return json.loads(answer.payload)

    # -- requests ---------------------------------------------------------------------------------------------------

    def start(self, path: str = "/", method: str = "GET", body: bytes = b"", complete: bool = True, **extra: str) -> int:
        """Sends a REQUEST; the number of its stream."""
        self._next += 1
        self.socket.sendall(request(self._next, path, method, body, complete, **extra))
        return self._next

    def finish(self, stream: int, window: bool = True) -> Answer:
        """Receives all of an answer, giving credit and sending files like the engine."""
        answer = Answer()
        consumed = 0
        while True:
            frame = self.next_frame(stream)
            if frame.kind == WINDOW_OUT:
                continue
            answer.add(frame, self.pid)
            if frame.kind == FILE:
                self.send(FILE_DONE, stream)
            if frame.kind == DATA_OUT and window:
                consumed += len(frame.payload)
                if consumed >= CREDIT // 2 and not frame.end:
                    self.send(WINDOW, stream, struct.pack("<I", consumed))
                    consumed = 0
            if frame.end or frame.kind == RESET:
                return answer

    def get(self, path: str = "/", method: str = "GET", body: bytes = b"", **extra: str) -> Answer:
        return self.finish(self.start(path, method, body, **extra))

    # -- the end ----------------------------------------------------------------------------------------------------

    def wait_exit(self, seconds: float = DEADLINE) -> int:
        """Waits for the worker's end: its exit status, or minus the signal that ended it."""
        end = time.monotonic() + seconds
        while self.exit_status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.exit_status = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
                break
            if time.monotonic() > end:
                raise AssertionError("the worker has not ended; it printed %r" % self.output)
            time.sleep(0.005)
        return self.exit_status

    def close(self) -> None:
        if self.exit_status is None:
            try:
                os.kill(self.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self.wait_exit()
        self._pump.join(DEADLINE)
        self.socket.close()
        for fd in (self.dumps, self._dump_write):
            os.close(fd)


def encode(kind: int, stream: int, payload: bytes = b"", flags: int = 0) -> bytes:
    return struct.pack("<IBBHI", len(payload), kind, flags, 0, stream) + payload


def request(stream: int, path: str = "/", method: str = "GET", body: bytes = b"", complete: bool = True, **extra: str) -> bytes:
    path, _, query = path.partition("?")
    environ = {
        "REQUEST_METHOD": method, "SCRIPT_NAME": "", "PATH_INFO": path, "QUERY_STRING": query,
        "REQUEST_URI": path + ("?" + query if query else ""), "SERVER_PROTOCOL": "HTTP/1.1", "SERVER_NAME": "localhost",
        "SERVER_PORT": "5000", "REMOTE_ADDR": "127.0.0.1", "REMOTE_PORT": "40000", "wsgi.url_scheme": "http",
        "HTTP_HOST": "localhost:5000", "HTTP_USER_AGENT": "test", "HTTP_ACCEPT": "*/*",
        "skitai.gtxid": "GTID-C3-R8", "skitai.ltxid": "1000",
    }
    if body and complete:
        environ["CONTENT_LENGTH"] = str(len(body))
    environ.update(extra)
    block = "\0".join("%s\0%s" % pair for pair in environ.items()).encode("latin-1")
    return encode(REQUEST, stream, struct.pack("<I", len(block)) + block + body, END if complete else 0)


class WorkerTest(unittest.TestCase):
    """A test that starts workers for apps it writes."""

    def setUp(self) -> None:
        self.directory = os.path.realpath(tempfile.mkdtemp(prefix="skitai-test-"))
        self.addCleanup(shutil.rmtree, self.directory, True)

    def write(self, name: str, text: str) -> str:
        path = os.path.join(self.directory, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(textwrap.dedent(text))
        return path

    def engine(self, **options: Any) -> Engine:
        """A worker that is being started."""
        engine = Engine(options.pop("directory", self.directory), **options)
        self.addCleanup(engine.close)
        return engine

    def serve(self, app: str, **options: Any) -> Engine:
        """A worker that has loaded this app."""
        self.write("site_app.py", app)
        engine = self.engine(**options)
        engine.ready()
        return engine
