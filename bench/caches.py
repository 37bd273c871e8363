"""The caches that bench/conformance compares, each in front of one origin server. What the peers are told beyond their
defaults is what the suite's own published results tell them: no default freshness, revalidation on."""

import os
from typing import List, Sequence, Tuple

from servers import Place, Server, Skitaid, Work, first_version
from webservers import nginx_command

CACHE_MB = 64
CONFORMANCE = Work("conformance", "cache", "", "/", 0)


class Ours(Skitaid):
    def __init__(self, name: str, heuristic: bool) -> None:
        self.name = name
        self.title = "skitaid" + (" heuristic" if heuristic else "")
        self._heuristic = "yes" if heuristic else "no"

    def commands(self, place: Place, work: Work) -> List[List[str]]:
        return [self.command(place, f"""
[proxypass]
cache_memory = {CACHE_MB}

[routes:line]
/ = @origin

[@origin]
members = 127.0.0.1:{place.members[0]}
cache_heuristic = {self._heuristic}
""")]


class NginxCache(Server):
    name = title = "nginx"
    needs = ("nginx",)

    def version(self) -> str:
        return first_version("nginx", "-v")

    def commands(self, place: Place, work: Work) -> List[List[str]]:
        path = "proxy_cache_path %s levels=1:2 keys_zone=answers:8m max_size=%dm inactive=600m;" % (place.at("cache"), CACHE_MB)
        location = "location / { proxy_pass http://127.0.0.1:%d; proxy_http_version 1.1; " % place.members[0]
        return [nginx_command(place, location + "proxy_cache answers; proxy_cache_revalidate on; }", path)]


class SquidCache(Server):
    name = title = "squid"
    needs = ("squid",)

    def version(self) -> str:
        return first_version("squid", "-v")

    def commands(self, place: Place, work: Work) -> List[List[str]]:
        # It gives up root for an account of its own, which must be able to write here.
        os.chmod(place.directory, 0o777)
        conf = place.write("squid.conf", f"""http_port 127.0.0.1:{place.port} accel defaultsite=localhost no-vhost
cache_peer 127.0.0.1 parent {place.members[0]} 0 no-query no-digest originserver default name=origin
cache_peer_access origin allow all
http_access allow all
cache_mem {CACHE_MB} MB
access_log none
cache_log {place.at("error.log")}
pid_filename {place.at("squid.pid")}
coredump_dir {place.directory}
pinger_enable off
shutdown_lifetime 1 second
connect_retries 3
""")
        return [["squid", "-N", "-f", conf]]


class VarnishCache(Server):
    name = title = "varnish"
    needs = ("varnishd",)

    def version(self) -> str:
        return first_version("varnishd", "-V")

    def commands(self, place: Place, work: Work) -> List[List[str]]:
        return [["varnishd", "-F", "-j", "none", "-n", place.at("varnish"), "-a", "127.0.0.1:%d" % place.port,
                 "-b", "127.0.0.1:%d" % place.members[0], "-s", "default,%dM" % CACHE_MB,
                 "-p", "default_ttl=0", "-p", "default_grace=0", "-p", "default_keep=3600"]]


CACHES: Tuple[Server, ...] = (Ours("ours", False), Ours("ours-heuristic", True), NginxCache(), SquidCache(), VarnishCache())
OURS: Sequence[str] = ("ours", "ours-heuristic")
