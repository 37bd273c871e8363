"""Much data in both directions. The body that comes is read only when a line comes through the fifo $GATE."""

import hashlib
import os
import time

BLOCK = bytes(range(256)) * 256  # 64 KB


def app(environ, start_response):
    return {"/up": up, "/down": down, "/file": file}[environ["PATH_INFO"]](environ, start_response)


def up(environ, start_response):
    with open(os.environ["GATE"]) as gate:
        gate.readline()
    total, digest = 0, hashlib.sha256()
    while True:
        block = environ["wsgi.input"].read(65536)
        if not block:
            break
        total += len(block)
        digest.update(block)
        if total % (16 << 20) == 0:
            time.sleep(0.01)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [("%d %s" % (total, digest.hexdigest())).encode()]


def down(environ, start_response):
    start_response("200 OK", [("Content-Type", "application/octet-stream")])
    return (BLOCK for _ in range(int(environ["QUERY_STRING"]) // len(BLOCK)))


def file(environ, start_response):
    name = os.environ["BIG_FILE"]
    start_response("200 OK", [("Content-Type", "application/octet-stream"), ("Content-Length", str(os.path.getsize(name)))])
    return environ["wsgi.file_wrapper"](open(name, "rb"))
