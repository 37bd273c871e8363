"""What is measured, and who takes part."""

from typing import Tuple

from appservers import GunicornThreads, NginxUwsgi, UwsgiHttp
from member import LARGE_SIZE, MIDDLE_SIZE
from servers import Server, Skitaid, Work
from webservers import Caddy, Haproxy, Nginx, Varnish

STATIC_SIZE = 1400
WORKS: Tuple[Work, ...] = (
    Work("wsgi", "app", "WSGI hello (11 bytes)", "/", 11, module="hello"),
    Work("flask", "app", "Flask hello (11 bytes)", "/", 11, module="flaskhello"),
    Work("static", "static", "Static file (1.4 KB)", "/page.css", STATIC_SIZE),
    Work("proxy", "proxy", "Proxy to one member (11 bytes)", "/hello", 11),
    Work("proxy-large", "proxy", "Proxy to one member (100 KB)", "/large", LARGE_SIZE, most_only=True),
    Work("cache", "cache", "Cache hit (11 bytes)", "/fresh/hello", 11),
    Work("cache-10k", "cache", "Cache hit (10 KB)", "/fresh/middle", MIDDLE_SIZE, most_only=True),
)
SERVERS: Tuple[Server, ...] = (
    Skitaid(), NginxUwsgi(), UwsgiHttp(), GunicornThreads(), Nginx(), Haproxy(), Varnish(), Caddy())
