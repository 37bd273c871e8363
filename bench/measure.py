"""One server in one round: start it, see that it answers right, load it, read what that cost, end it."""

import http.client
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from typing import Dict, Iterator, List, NamedTuple

import load
import processes
from servers import Place, Server, Work

START_LIMIT = 60.0  # seconds until a server must answer


class Sample(NamedTuple):
    """One run of the load."""

    load: load.Load
    cpu_us: float  # user + system microseconds per request, all processes of the server
    memory_mb: float  # PSS of all of them, right after the run


class Unusable(Exception):
    """The server did not start, or did not answer as it should."""


class Files(NamedTuple):
    """What every server gets to serve, copied to where any account can read it."""

    apps: str
    static: str
    python: str


@contextmanager
def scratch(python: str, static_size: int) -> Iterator[Files]:
    root = tempfile.mkdtemp(prefix="skitaid-bench-")
    try:
        os.chmod(root, 0o755)
        apps, static = os.path.join(root, "apps"), os.path.join(root, "static")
        here = os.path.dirname(os.path.abspath(__file__))
        shutil.copytree(os.path.join(here, "apps"), apps, ignore=shutil.ignore_patterns("__pycache__"))
        os.mkdir(static)
        with open(os.path.join(static, "page.css"), "wb") as file:
            file.write((b"p { margin: 0 0 1rem; color: #23201c; }\n" * (static_size // 40 + 1))[:static_size])
        yield Files(apps, static, python)
    finally:
        shutil.rmtree(root, ignore_errors=True)


class Running:
    """A started server: its processes, its place, and what they have used."""

    def __init__(self, server: Server, work: Work, files: Files) -> None:
        self.server = server
        self.work = work
        self._children: List[subprocess.Popen] = []
        directory = tempfile.mkdtemp(prefix=server.name + "-", dir=os.path.dirname(files.apps))
        self.place = Place(directory, free_port(), files.apps, files.static, files.python)
        self.url = "http://127.0.0.1:%d%s" % (self.place.port, work.path)

    def start(self) -> None:
        for command in self.server.commands(self.place, self.work):
            with open(self.place.at("output"), "ab") as output:
                try:
                    self._children.append(subprocess.Popen(
                        command, cwd=self.place.directory, stdin=subprocess.DEVNULL, stdout=output,
                        stderr=subprocess.STDOUT, start_new_session=True, env=environment()))
                except OSError as error:
                    raise Unusable("%s: %s" % (command[0], error.strerror)) from error
        deadline = time.monotonic() + START_LIMIT
        while True:
            trouble = self._trouble()
            if not trouble:
                return
            ended = [child for child in self._children if child.poll() is not None]
            if ended or time.monotonic() > deadline:
                how = "ended with %d" % ended[0].returncode if ended else "no right answer in %d s" % START_LIMIT
                raise Unusable("%s (%s; %s)" % (how, trouble, self._last_words()))
            time.sleep(0.05)

    def stop(self) -> None:
        """Front first; each of them asked, then killed, by pid."""
        for child in reversed(self._children):
            processes.end(child)
        self._children.clear()
        shutil.rmtree(self.place.directory, ignore_errors=True)

    def sample(self, connections: int, warm_up: int, seconds: int) -> Sample:
        if warm_up:
            load.run(self.url, connections, warm_up)
        before = self._cpu_seconds()
        result = load.run(self.url, connections, seconds)
        used = self._cpu_seconds() - before
        if not result.requests:
            raise Unusable("no request answered under load")
        return Sample(result, used * 1e6 / result.requests, self.memory_mb())

    def memory_mb(self) -> float:
        return sum(processes.memory_megabytes(child.pid) for child in self._children)

    def logged(self) -> bool:
        """Whether the access log has lines: a server that skips it would have it easier than the others."""
        try:
            return os.path.getsize(self.place.at(self.server.access_log)) > 0
        except OSError:
            return False

    def _cpu_seconds(self) -> float:
        return sum(processes.cpu_seconds(child.pid) for child in self._children)

    def _trouble(self) -> str:
        """Two requests on one connection; '' when both answers are right."""
        connection = http.client.HTTPConnection("127.0.0.1", self.place.port, timeout=5)
        try:
            for _ in range(2):
                connection.request("GET", self.work.path)
                answer = connection.getresponse()
                body = answer.read()
                if answer.status != 200 or len(body) != self.work.size:
                    return "status %d, %d bytes" % (answer.status, len(body))
                if connection.sock is None:
                    return "no keep-alive"
            return ""
        except (OSError, http.client.HTTPException) as error:
            return str(error) or type(error).__name__
        finally:
            connection.close()

    def _last_words(self) -> str:
        lines: List[str] = []
        for name in ("output", "error.log", "uwsgi.log"):
            try:
                with open(self.place.at(name), encoding="utf-8", errors="replace") as file:
                    lines.extend(line.strip() for line in file if line.strip())
            except OSError:
                pass
        return lines[-1][:160] if lines else "it said nothing"


@contextmanager
def running(server: Server, work: Work, files: Files) -> Iterator[Running]:
    one = Running(server, work, files)
    try:
        one.start()
        yield one
    finally:
        # A second Ctrl-C must not leave processes behind.
        previous = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            one.stop()
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment() -> Dict[str, str]:
    return {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
