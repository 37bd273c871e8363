"""The servers of Python apps: uWSGI behind nginx, uWSGI by itself, gunicorn."""

import os
from typing import List

from servers import PROCESSES, THREADS, Place, Server, Work, first_version
from webservers import nginx_command


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
