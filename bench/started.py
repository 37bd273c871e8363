"""Server processes of one place: started, waited for until they answer, ended by pid, whatever happens in between."""

import http.client
import os
import shutil
import signal
import socket
import subprocess
import time
from contextlib import contextmanager
from typing import Callable, Dict, Iterator, List, Sequence

import processes
from servers import Place

START_LIMIT = 60.0  # seconds until a server must answer


class Unusable(Exception):
    """The server did not start, or did not answer as it should."""


class Started:
    """The processes behind one place."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.children: List[subprocess.Popen] = []

    def start(self, commands: Sequence[Sequence[str]], trouble: Callable[[], str]) -> None:
        """`trouble` asks the server and says what is wrong with the answer; '' when it is as it should be."""
        for command in commands:
            with open(self.place.at("output"), "ab") as output:
                try:
                    self.children.append(subprocess.Popen(
                        command, cwd=self.place.directory, stdin=subprocess.DEVNULL, stdout=output,
                        stderr=subprocess.STDOUT, start_new_session=True, env=environment()))
                except OSError as error:
                    raise Unusable("%s: %s" % (command[0], error.strerror)) from error
        deadline = time.monotonic() + START_LIMIT
        while True:
            wrong = trouble()
            if not wrong:
                return
            ended = [child for child in self.children if child.poll() is not None]
            if ended or time.monotonic() > deadline:
                how = "ended with %d" % ended[0].returncode if ended else "no right answer in %d s" % START_LIMIT
                raise Unusable("%s (%s; %s)" % (how, wrong, self._last_words()))
            time.sleep(0.05)

    def stop(self) -> None:
        """Front first; each of them asked, then killed, by pid."""
        for child in reversed(self.children):
            processes.end(child)
        self.children.clear()
        shutil.rmtree(self.place.directory, ignore_errors=True)

    def cpu_seconds(self) -> float:
        return sum(processes.cpu_seconds(child.pid) for child in self.children)

    def memory_mb(self) -> float:
        return sum(processes.memory_megabytes(child.pid) for child in self.children)

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
def ended_with_us(started: Started) -> Iterator[Started]:
    try:
        yield started
    finally:
        with undisturbed():
            started.stop()


@contextmanager
def undisturbed() -> Iterator[None]:
    """A second Ctrl-C must not leave processes behind."""
    previous = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment() -> Dict[str, str]:
    return {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}


def answers(port: int, path: str = "/", status: int = 200) -> str:
    """'' when it answers with this status, else what it did."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        return "" if answer.status == status else "status %d" % answer.status
    except (OSError, http.client.HTTPException) as error:
        return str(error) or type(error).__name__
    finally:
        connection.close()
