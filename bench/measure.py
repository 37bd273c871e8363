"""One server in one round: start it, see that it answers right, load it, read what that cost, end it."""

import http.client
import os
import shutil
import tempfile
from contextlib import contextmanager, nullcontext
from typing import Iterator, NamedTuple

import load
from member import MARK, member
from servers import Place, Server, Work
from started import Started, Unusable, ended_with_us, free_port


class Sample(NamedTuple):
    """One run of the load."""

    load: load.Load
    cpu_us: float  # user + system microseconds per request, all processes of the server
    memory_mb: float  # PSS of all of them, right after the run


class Files(NamedTuple):
    """What every server gets to serve, copied to where any account can read it."""

    apps: str
    static: str
    python: str
    member: int  # the port of the server behind proxies and caches


@contextmanager
def scratch(python: str, static_size: int, with_member: bool) -> Iterator[Files]:
    root = tempfile.mkdtemp(prefix="skitaid-bench-")
    try:
        os.chmod(root, 0o755)
        apps, static = os.path.join(root, "apps"), os.path.join(root, "static")
        here = os.path.dirname(os.path.abspath(__file__))
        shutil.copytree(os.path.join(here, "apps"), apps, ignore=shutil.ignore_patterns("__pycache__"))
        os.mkdir(static)
        with open(os.path.join(static, "page.css"), "wb") as file:
            file.write((b"p { margin: 0 0 1rem; color: #23201c; }\n" * (static_size // 40 + 1))[:static_size])
        with member(root) if with_member else nullcontext(0) as port:
            yield Files(apps, static, python, port)
    finally:
        shutil.rmtree(root, ignore_errors=True)


class Running:
    """A started server: its processes, its place, and what they have used."""

    def __init__(self, server: Server, work: Work, files: Files) -> None:
        self.server = server
        self.work = work
        directory = tempfile.mkdtemp(prefix=server.name + "-", dir=os.path.dirname(files.apps))
        self.started = Started(Place(directory, free_port(), files.apps, files.static, files.python, (files.member,)))
        self.place = self.started.place
        self.url = "http://127.0.0.1:%d%s" % (self.place.port, work.path)

    def start(self) -> None:
        self.started.start(self.server.commands(self.place, self.work), self._trouble)

    def sample(self, connections: int, warm_up: int, seconds: int) -> Sample:
        if warm_up:
            load.run(self.url, connections, warm_up)
        before = self.started.cpu_seconds()
        result = load.run(self.url, connections, seconds)
        used = self.started.cpu_seconds() - before
        if not result.requests:
            raise Unusable("no request answered under load")
        return Sample(result, used * 1e6 / result.requests, self.started.memory_mb())

    def logged(self) -> bool:
        """Whether the access log has lines: a server that skips it would have it easier than the others."""
        if not self.server.access_log:
            return False
        try:
            return os.path.getsize(self.place.at(self.server.access_log)) > 0
        except OSError:
            return False

    def _trouble(self) -> str:
        """Two requests on one connection; '' when both answers are right, and from the cache or the member as they should be."""
        connection = http.client.HTTPConnection("127.0.0.1", self.place.port, timeout=5)
        marks = []
        try:
            for _ in range(2):
                connection.request("GET", self.work.path)
                answer = connection.getresponse()
                body = answer.read()
                if answer.status != 200 or len(body) != self.work.size:
                    return "status %d, %d bytes" % (answer.status, len(body))
                if connection.sock is None:
                    return "no keep-alive"
                marks.append(answer.getheader(MARK))
        except (OSError, http.client.HTTPException) as error:
            return str(error) or type(error).__name__
        finally:
            connection.close()
        if self.work.kind in ("proxy", "cache") and None in marks:
            return "not the member's answer"
        if self.work.kind == "cache" and marks[0] != marks[1]:
            return "not from the cache"
        if self.work.kind == "proxy" and marks[0] == marks[1]:
            return "from a cache"
        return ""


@contextmanager
def running(server: Server, work: Work, files: Files) -> Iterator[Running]:
    one = Running(server, work, files)
    with ended_with_us(one.started):
        one.start()
        yield one
