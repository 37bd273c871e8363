"""The server behind a proxy or a cache: the same nginx for everybody, its CPU counted to nobody."""

import os
import tempfile
from contextlib import contextmanager
from typing import Iterator

from servers import Place
from started import Started, answers, ended_with_us, free_port
from webservers import nginx_conf

MIDDLE_SIZE, LARGE_SIZE = 10_000, 100_000
# It tells one answer of its own from another: a cache repeats it, a proxy never does.
MARK = "X-Answer"


@contextmanager
def member(directory: str) -> Iterator[int]:
    """Its port, as long as it is there."""
    place = Place(tempfile.mkdtemp(prefix="member-", dir=directory), free_port())
    os.mkdir(place.at("bodies"))
    for name, size in (("middle", MIDDLE_SIZE), ("large", LARGE_SIZE)):
        place.write("bodies/" + name, "x" * size)
    mark = "add_header %s $request_id;" % MARK
    hello = "default_type text/plain; return 200 'Hello World';"
    body = 'root %s; default_type text/plain; open_file_cache max=10; etag off; add_header Last-Modified "";' % place.at("bodies")
    fresh = "add_header Cache-Control 'public, max-age=86400';"
    conf = nginx_conf(place, f"""
        access_log off;
        keepalive_timeout 60;
        location = /hello {{ {mark} {hello} }}
        location = /large {{ {mark} {body} }}
        location = /fresh/hello {{ {mark} {fresh} {hello} }}
        location = /fresh/middle {{ {mark} {fresh} {body} rewrite ^ /middle break; }}
""")
    started = Started(place)
    with ended_with_us(started):
        started.start([["nginx", "-p", place.directory, "-e", place.at("error.log"), "-c", conf]],
                      lambda: answers(place.port, "/fresh/middle"))
        yield place.port
