"""The peers that serve files, forward and cache: nginx, Caddy, HAProxy, Varnish."""

import getpass
import shutil
from typing import List

from servers import PROCESSES, Place, Server, Work, first_version

CACHE_MB = 64


def nginx_conf(place: Place, location: str, more: str = "", upstream: str = "") -> str:
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
    {more}
    {upstream}
    server {{
        listen 127.0.0.1:{place.port} backlog=1024;
        {location}
    }}
}}
""")


def nginx_command(place: Place, location: str, more: str = "", upstream: str = "") -> List[str]:
    conf = nginx_conf(place, location, more, upstream)
    return ["nginx", "-p", place.directory, "-e", place.at("error.log"), "-c", conf]


class Nginx(Server):
    """Forwarding: kept connections to the member (they are not, by default), and buffers that hold a body of 100 KB, which
    the default ones would put into a file. Caching: into files, as is its way, in its own directory."""

    name = "nginx"
    title = "nginx"
    works = ("static", "proxy", "proxy-large", "cache", "cache-10k")
    needs = ("nginx",)

    def version(self) -> str:
        return first_version("nginx", "-v")

    def commands(self, place: Place, work: Work) -> List[List[str]]:
        if work.kind == "static":
            return [nginx_command(place, "root %s; location / { expires 300s; }" % place.files)]
        upstream = ("upstream member { server 127.0.0.1:%d; keepalive 64; keepalive_requests 100000000; }" % place.members[0])
        location = 'location / { proxy_pass http://member; proxy_http_version 1.1; proxy_set_header Connection ""; '
        location += "proxy_set_header Host $host; proxy_buffers 16 8k; "
        if work.kind == "proxy":
            return [nginx_command(place, location + "}", upstream=upstream)]
        path = "proxy_cache_path %s levels=1:2 keys_zone=answers:8m max_size=%dm inactive=600m use_temp_path=off;" % (
            place.at("cache"), CACHE_MB)
        return [nginx_command(place, location + "proxy_cache answers; proxy_cache_lock on; }", path, upstream)]


class Caddy(Server):
    """It logs to its standard error, which is a file here too."""

    name = "caddy"
    title = "caddy"
    works = ("static", "proxy", "proxy-large")
    needs = ("caddy",)
    access_log = "output"

    def version(self) -> str:
        return first_version("caddy", "version")

    def commands(self, place: Place, work: Work) -> List[List[str]]:
        if work.kind == "static":
            return [["caddy", "file-server", "--root", place.files, "--listen", "127.0.0.1:%d" % place.port, "--access-log"]]
        conf = place.write("Caddyfile", f"""{{
    admin off
    auto_https off
}}
http://127.0.0.1:{place.port} {{
    bind 127.0.0.1
    log
    reverse_proxy 127.0.0.1:{place.members[0]}
}}
""")
        return [["caddy", "run", "--adapter", "caddyfile", "--config", conf]]


class Haproxy(Server):
    """Its log goes to its standard output, which is a file here: it has no log file of its own, only syslog and descriptors."""

    name = "haproxy"
    title = "haproxy"
    works = ("proxy", "proxy-large")
    needs = ("haproxy",)
    access_log = "output"

    def version(self) -> str:
        return first_version("haproxy", "-v")

    def commands(self, place: Place, work: Work) -> List[List[str]]:
        conf = place.write("haproxy.cfg", f"""global
    nbthread {PROCESSES}
    maxconn 2000
    log stdout format raw local0
defaults
    mode http
    log global
    option httplog
    option dontlognull
    http-reuse safe
    timeout connect 5s
    timeout client 10s
    timeout server 10s
frontend in
    bind 127.0.0.1:{place.port} backlog 1024
    option forwardfor
    default_backend members
backend members
    server one 127.0.0.1:{place.members[0]}
""")
        return [["haproxy", "-db", "-f", conf]]


class Varnish(Server):
    """It keeps its log in shared memory and writes no file; a program of its own does that if it is run, and is not here."""

    name = "varnish"
    title = "varnish"
    works = ("cache", "cache-10k")
    needs = ("varnishd",)
    access_log = ""

    def version(self) -> str:
        return first_version("varnishd", "-V")

    def commands(self, place: Place, work: Work) -> List[List[str]]:
        return [["varnishd", "-F", "-j", "none", "-n", place.at("varnish"), "-a", "127.0.0.1:%d" % place.port,
                 "-b", "127.0.0.1:%d" % place.members[0], "-s", "default,%dM" % CACHE_MB, "-p", "timeout_idle=10"]]
