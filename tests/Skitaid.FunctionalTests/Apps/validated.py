"""One way of answering at each path, all of it behind the validator of the standard library.

The validator raises AssertionError for what the server does wrong as well as for what the app does wrong: a 500, and a
traceback in app.log.
"""

import hashlib
import io
import sys
from wsgiref.validate import validator

TEXT = [("Content-Type", "text/plain")]


def plain(environ, start_response):
    start_response("200 OK", TEXT + [("Content-Length", "5")])
    return [b"plain"]


def unknown_length(environ, start_response):
    start_response("200 OK", TEXT)
    return [b"no ", b"", b"length"]


def generator(environ, start_response):
    start_response("200 OK", TEXT)
    for n in range(5):
        yield b"%d\n" % n


def late_start(environ, start_response):
    """Calls start_response only when its first block is asked for."""
    start_response("201 Created", TEXT)
    yield b"late"


def written(environ, start_response):
    write = start_response("200 OK", TEXT)
    write(b"written ")
    write(b"twice ")
    return [b"and returned"]


def exc_info(environ, start_response):
    start_response("200 OK", TEXT + [("X-First", "yes")])
    try:
        raise ValueError("on purpose")
    except ValueError:
        start_response("503 On Purpose", TEXT + [("X-Second", "yes")], sys.exc_info())
    return [b"changed its mind"]


def file_wrapper(environ, start_response):
    start_response("200 OK", TEXT)
    return environ["wsgi.file_wrapper"](io.BytesIO(b"f" * 100000), 8192)


def no_content(environ, start_response):
    start_response("204 No Content", [])
    return []


def not_modified(environ, start_response):
    start_response("304 Not Modified", [("ETag", '"x"')])
    return []


def read(environ, start_response):
    """Reads the whole body in pieces."""
    length, digest = 0, hashlib.sha256()
    while True:
        block = environ["wsgi.input"].read(10000)
        if not block:
            break
        length += len(block)
        digest.update(block)
    start_response("200 OK", TEXT)
    return [("%d %s" % (length, digest.hexdigest())).encode()]


def lines(environ, start_response):
    """Iterates over the body's lines."""
    found = [line for line in environ["wsgi.input"]]
    start_response("200 OK", TEXT)
    return [("%d lines, last %r" % (len(found), found[-1] if found else b"")).encode()]


def readline(environ, start_response):
    first = environ["wsgi.input"].readline()
    rest = environ["wsgi.input"].readlines()
    start_response("200 OK", TEXT)
    return [("%r then %d" % (first, len(rest))).encode()]


def unread(environ, start_response):
    """Leaves the body where it is."""
    start_response("200 OK", TEXT)
    return [b"not interested"]


def errors(environ, start_response):
    environ["wsgi.errors"].write("to wsgi.errors\n")
    environ["wsgi.errors"].writelines(["one\n", "two\n"])
    environ["wsgi.errors"].flush()
    start_response("200 OK", TEXT)
    return [b"told"]


def wrong(environ, start_response):
    """The validator must object: the proof that it is at work."""
    start_response("200 OK", TEXT + [("Status", "no header of an answer")])
    return [b"never"]


PATHS = {"/" + f.__name__: f for f in (
    plain, unknown_length, generator, late_start, written, exc_info, file_wrapper, no_content, not_modified,
    read, lines, readline, unread, errors, wrong)}


def route(environ, start_response):
    return PATHS[environ["PATH_INFO"]](environ, start_response)


app = validator(route)
