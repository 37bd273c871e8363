"""What a server under test is, and ours. Each of them is set up for the same work:

- 2 worker processes x 4 threads for an app, 2 event-loop processes (threads) for all else where that can be said;
- keep-alive for as long as the client likes;
- an access log, one line a request, into a file, written in the server's default manner;
- loopback, clear text, no compression.
"""

import os
import re
import shutil
import subprocess
from typing import List, NamedTuple, Optional, Sequence, Tuple

PROCESSES, THREADS = 2, 4
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LAUNCHER = os.path.join(ROOT, "skitaid")


class Work(NamedTuple):
    """What is asked for."""

    name: str
    kind: str  # app, static, proxy, cache
    title: str
    path: str
    size: int  # bytes of the answer's body
    module: str = ""  # the app's
    most_only: bool = False  # measured at the largest number of connections only

    def counts(self, connections: Sequence[int]) -> Sequence[int]:
        return [max(connections)] if self.most_only else connections


class Place(NamedTuple):
    """Where one server of one round runs: a directory of its own, a free port, the apps, the files, the interpreter; and
    the ports of the servers behind it."""

    directory: str
    port: int
    apps: str = ""
    files: str = ""
    python: str = ""
    members: Tuple[int, ...] = ()

    def at(self, name: str) -> str:
        return os.path.join(self.directory, name)

    def write(self, name: str, text: str) -> str:
        os.makedirs(os.path.dirname(self.at(name)), exist_ok=True)
        with open(self.at(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.at(name)


class Server:
    """One way to serve. `commands` prepares the place and says what to start, the front last."""

    name = ""
    title = ""
    works: Sequence[str] = ()
    needs: Sequence[str] = ()
    access_log = "access.log"  # '' = its way of logging is no file

    def missing(self) -> Optional[str]:
        """Why it cannot run here; None when it can."""
        absent = [need for need in self.needs if not shutil.which(need)]
        return "not installed: " + ", ".join(absent) if absent else None

    def version(self) -> str:
        raise NotImplementedError

    def commands(self, place: Place, work: Work) -> List[List[str]]:
        raise NotImplementedError


def first_version(*command: str) -> str:
    try:
        text = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return "?"
    found = re.search(r"\d+\.\d+[\w.-]*", text.stdout + text.stderr)
    return found[0] if found else "?"


class Skitaid(Server):
    name = "ours"
    title = "skitaid"
    works = ("wsgi", "flask", "static", "proxy", "proxy-large", "cache", "cache-10k")
    access_log = "log/instances/bench/request.log"

    def missing(self) -> Optional[str]:
        if not os.access(LAUNCHER, os.X_OK):
            return "no launcher ./skitaid"
        # The launcher builds when the sources are newer: here, not while a server is waited for.
        try:
            asked = subprocess.run([LAUNCHER, "--version"], capture_output=True, text=True, check=False, timeout=600)
        except (OSError, subprocess.TimeoutExpired) as error:
            return str(error)
        words = (asked.stdout + asked.stderr).strip().splitlines() or ["it said nothing"]
        return "./skitaid --version failed: " + words[-1][:120] if asked.returncode else None

    def version(self) -> str:
        return first_version(LAUNCHER, "--version")

    def commands(self, place: Place, work: Work) -> List[List[str]]:
        app = os.path.join(place.apps, work.module) + ":app"
        target = {"app": app, "static": place.files}.get(work.kind, "@member")
        cluster = "[@member]\nmembers = 127.0.0.1:%d\n" % place.members[0] if target == "@member" else ""
        return [self.command(place, f"""processes = {PROCESSES}
threads = {THREADS}

[routes:line]
/ = {target}

{cluster}""")]

    @staticmethod
    def command(place: Place, rest: str) -> List[str]:
        """With a conf of its address and port, and `rest`, which begins within [server]."""
        place.write("etc/skitaid.conf", f"""[global]
log_path = {place.at("log")}
var_path = {place.at("var")}
{"python = " + place.python if place.python else ""}
""")
        place.write("etc/servers-enabled/bench.conf", f"""[server]
ip = 127.0.0.1
port = {place.port}
{rest}
""")
        return [LAUNCHER, "-v", "--etc", place.at("etc")]
