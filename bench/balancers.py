"""The load balancers that bench/faults compares, told the same: a member may take a second to connect and a second to begin its
answer, is asked every second whether it is well, is left alone after one failure, and a request that fails on it goes to another
one, three times at most; also when its answer is 502, 503 or 504."""

from typing import List, Tuple

from servers import PROCESSES, Place, Server, Skitaid, Work, first_version
from webservers import nginx_command

DRILL = Work("drill", "proxy", "", "/", 11)


class Ours(Skitaid):
    def commands(self, place: Place, work: Work) -> List[List[str]]:
        return [self.command(place, f"""
[routes:line]
/ = @drill

[@drill]
members = {", ".join("127.0.0.1:%d" % port for port in place.members)}
connect_timeout = 1s
response_timeout = 1s
retries = 3
health_path = /
health_interval = 1s
""")]


class HaproxyBalancer(Server):
    name = title = "haproxy"
    needs = ("haproxy",)

    def version(self) -> str:
        return first_version("haproxy", "-v")

    def commands(self, place: Place, work: Work) -> List[List[str]]:
        members = "\n".join("    server m%d 127.0.0.1:%d" % (port, port) for port in place.members)
        conf = place.write("haproxy.cfg", f"""global
    nbthread {PROCESSES}
    maxconn 2000
    log stdout format raw local0
defaults
    mode http
    log global
    option httplog
    http-reuse safe
    timeout connect 1s
    timeout server 1s
    timeout client 20s
    timeout queue 5s
    timeout check 1s
    retries 3
    option redispatch 1
    retry-on all-retryable-errors
    default-server check inter 1s fall 1 rise 1 observe layer7 error-limit 1 on-error mark-down
frontend in
    bind 127.0.0.1:{place.port} backlog 1024
    http-request disable-l7-retry unless METH_GET
    default_backend members
backend members
    balance leastconn
    option httpchk GET /
{members}
""")
        return [["haproxy", "-db", "-f", conf]]


class NginxBalancer(Server):
    """Its free edition does not ask members whether they are well; it sees only what becomes of requests."""

    name = title = "nginx"
    needs = ("nginx",)

    def version(self) -> str:
        return first_version("nginx", "-v")

    def commands(self, place: Place, work: Work) -> List[List[str]]:
        members = " ".join("server 127.0.0.1:%d max_fails=1 fail_timeout=1s;" % port for port in place.members)
        upstream = "upstream drill { zone drill 64k; least_conn; %s keepalive 64; }" % members
        location = 'location / { proxy_pass http://drill; proxy_http_version 1.1; proxy_set_header Connection ""; '
        location += "proxy_connect_timeout 1s; proxy_read_timeout 1s; proxy_send_timeout 1s; proxy_next_upstream_tries 4; "
        location += "proxy_next_upstream error timeout http_502 http_503 http_504; }"
        return [nginx_command(place, location, upstream=upstream)]


BALANCERS: Tuple[Server, ...] = (Ours(), HaproxyBalancer(), NginxBalancer())
