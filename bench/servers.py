"""The servers under test, each set up for the same work:

- 2 worker processes x 4 threads for an app, 2 event-loop processes for files where that can be said;
- keep-alive for as long as the client likes;
- an access log, one line a request, into a file, written in the server's default manner;
- loopback, clear text, no compression.
"""

import getpass
import os
import re
import shutil
import subprocess
from typing import List, NamedTuple, Optional, Sequence, Tuple

PROCESSES, THREADS = 2, 4
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LAUNCHER = os.path.join(ROOT, "skitaid")


class Work(NamedTuple):
    """What is asked for: an app's module, or a file below the directory of files."""

    name: str
    title: str
    module: str  # '' = static
    path: str
    size: int  # bytes of the answer's body


class Place(NamedTuple):
    """Where one server of one round runs: a directory of its own, a free port, the apps, the files, the interpreter."""

    directory: str
    port: int
    apps: str
    files: str
    python: str

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
    access_log = "access.log"

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
    works = ("wsgi", "flask", "static")
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
        target = os.path.join(place.apps, work.module) + ":app" if work.module else place.files
        place.write("etc/skitaid.conf", f"""[global]
log_path = {place.at("log")}
var_path = {place.at("var")}
python = {place.python}
""")
        place.write("etc/servers-enabled/bench.conf", f"""[server]
ip = 127.0.0.1
port = {place.port}
processes = {PROCESSES}
threads = {THREADS}

[routes:line]
/ = {target}
""")
        return [[LAUNCHER, "-v", "--etc", place.at("etc")]]


def nginx_conf(place: Place, location: str) -> str:
    """Close to what Debian installs (sendfile, tcp_nopush, epoll, unbuffered access log), without compression."""
    return place.write("nginx.conf", f"""user {getpass.getuser()};
daemon off;
worker_processes {PROCESSES};
pid {place.at("nginx.pid")};
error_log {place.at("error.log")};
events {{ worker_connections 1024; }}
http {{
    include /etc/nginx/mime.types;
    access_log {place.at("access.log")} combined;
    sendfile on;
    tcp_nopush on;
    keepalive_timeout 10;
    keepalive_requests 100000000;
    client_body_temp_path {place.at("t1")};
    proxy_temp_path {place.at("t2")};
    fastcgi_temp_path {place.at("t3")};
    uwsgi_temp_path {place.at("t4")};
    scgi_temp_path {place.at("t5")};
    server {{
        listen 127.0.0.1:{place.port} backlog=1024;
        {location}
    }}
}}
""")


def nginx_command(place: Place, location: str) -> List[str]:
    return ["nginx", "-p", place.directory, "-e", place.at("error.log"), "-c", nginx_conf(place, location)]


def uwsgi_command(place: Place, work: Work, *more: str) -> List[str]:
    # Debian's uwsgi loads its Python as a plugin; one from pip has it built in and no such plugin.
    plugin = ["--plugin", "python3"] if os.path.exists("/usr/lib/uwsgi/plugins/python3_plugin.so") else []
    return [
        "uwsgi", *plugin, "--master", "--die-on-term", "--need-app", "--enable-threads",
        "--processes", str(PROCESSES), "--threads", str(THREADS),
        "--chdir", place.apps, "--module", work.module + ":app", *more,
    ]


class NginxUwsgi(Server):
    """The front's log is the access log; the one behind it, on a Unix socket, keeps none."""

    name = "nginx-uwsgi"
    title = "nginx + uWSGI"
    works = ("wsgi", "flask")
    needs = ("nginx", "uwsgi")

    def version(self) -> str:
        return first_version("nginx", "-v") + " + " + first_version("uwsgi", "--version")

    def commands(self, place: Place, work: Work) -> List[List[str]]:
        socket = place.at("uwsgi.sock")
        return [
            uwsgi_command(place, work, "--socket", socket, "--chmod-socket=600", "--disable-logging",
                          "--logto", place.at("uwsgi.log")),
            nginx_command(place, "location / { include /etc/nginx/uwsgi_params; uwsgi_pass unix:%s; }" % socket),
        ]


class UwsgiHttp(Server):
    """Its own HTTP router in front of the workers, with keep-alive switched on."""

    name = "uwsgi-http"
    title = "uWSGI --http"
    works = ("wsgi", "flask")
    needs = ("uwsgi",)

    def version(self) -> str:
        return first_version("uwsgi", "--version")

    def commands(self, place: Place, work: Work) -> List[List[str]]:
        http = ["--plugin", "http"] if os.path.exists("/usr/lib/uwsgi/plugins/http_plugin.so") else []
        return [uwsgi_command(place, work, *http, "--http", "127.0.0.1:%d" % place.port, "--http-keepalive=10",
                              "--add-header", "Connection: Keep-Alive", "--logto", place.at("access.log"))]


class GunicornThreads(Server):
    name = "gunicorn"
    title = "gunicorn gthread"
    works = ("wsgi", "flask")
    needs = ("gunicorn",)

    def version(self) -> str:
        return first_version("gunicorn", "--version")

    def commands(self, place: Place, work: Work) -> List[List[str]]:
        return [[
            "gunicorn", "--worker-class", "gthread", "--workers", str(PROCESSES), "--threads", str(THREADS),
            "--keep-alive", "10", "--bind", "127.0.0.1:%d" % place.port, "--chdir", place.apps,
            "--access-logfile", place.at("access.log"), "--error-logfile", place.at("error.log"), work.module + ":app",
        ]]


class NginxStatic(Server):
    name = "nginx"
    title = "nginx"
    works = ("static",)
    needs = ("nginx",)

    def version(self) -> str:
        return first_version("nginx", "-v")

    def commands(self, place: Place, work: Work) -> List[List[str]]:
        return [nginx_command(place, "root %s; location / { expires 300s; }" % place.files)]


class CaddyStatic(Server):
    """It logs to its standard error, which is a file here too."""

    name = "caddy"
    title = "caddy"
    works = ("static",)
    needs = ("caddy",)
    access_log = "output"

    def version(self) -> str:
        return first_version("caddy", "version")

    def commands(self, place: Place, work: Work) -> List[List[str]]:
        return [["caddy", "file-server", "--root", place.files, "--listen", "127.0.0.1:%d" % place.port, "--access-log"]]


SERVERS: Tuple[Server, ...] = (Skitaid(), NginxUwsgi(), UwsgiHttp(), GunicornThreads(), NginxStatic(), CaddyStatic())
