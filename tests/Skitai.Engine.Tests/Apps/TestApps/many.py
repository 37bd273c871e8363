"""One WSGI app with a path for each behaviour that the tests of app workers need."""

import hashlib
import os
import signal
import subprocess
import sys
import time

closed = []
kept = []
running = []


class Endless:
    def __init__(self, size=1000, pause=0.01):
        self.size = size
        self.pause = pause

    def __iter__(self):
        return self

    def __next__(self):
        time.sleep(self.pause)
        return b"x" * self.size

    def close(self):
        closed.append(1)


def stuck():
    while True:
        time.sleep(3600)


def app(environ, start_response):
    path = environ["PATH_INFO"]
    method = environ["REQUEST_METHOD"]
    plain = [("Content-Type", "text/plain")]
    if path == "/die-once":
        mark = environ["QUERY_STRING"]
        if not os.path.exists(mark):
            open(mark, "w").close()
            os.kill(os.getpid(), signal.SIGKILL)
        start_response("200 OK", plain)
        return [b"lived"]
    if path == "/die-once-reading":
        environ["wsgi.input"].read(1000000)
        mark = environ["QUERY_STRING"]
        if not os.path.exists(mark):
            open(mark, "w").close()
            os.kill(os.getpid(), signal.SIGKILL)
        start_response("200 OK", plain)
        return [str(1000000 + len(environ["wsgi.input"].read())).encode()]
    if path == "/exit":
        os._exit(3)
    if path == "/sleep":
        time.sleep(float(environ["QUERY_STRING"]))
    if path == "/stuck":
        stuck()
    if path == "/endless":
        start_response("200 OK", plain)
        return Endless()
    if path == "/numbers":
        blocks = int(environ["QUERY_STRING"])
        start_response("200 OK", plain + [("Content-Length", str(blocks * 8000))])
        return (b"%08d" % i * 1000 for i in range(blocks))
    if path == "/numbers-then-stuck":
        start_response("200 OK", plain)
        return (b"%08d" % i * 1000 if i < 3000 else stuck() for i in range(3001))
    if path == "/flood":
        start_response("200 OK", plain)
        return Endless(100000, 0)
    if path == "/grow":
        kept.append(b"x" * (int(environ["QUERY_STRING"]) << 20))
    if path == "/alone":
        running.append(1)
        time.sleep(0.05)
        count = len(running)
        running.pop()
        start_response("200 OK", plain)
        return [("%d %s" % (count, environ["wsgi.multithread"])).encode()]
    if path == "/child":
        child = subprocess.Popen(["sleep", "600"])
        start_response("200 OK", plain)
        return [str(child.pid).encode()]
    if path == "/closed":
        start_response("200 OK", plain)
        return [str(len(closed)).encode()]
    if path == "/hash":
        digest = hashlib.sha256()
        count = 0
        while True:
            part = environ["wsgi.input"].read(50000)
            if not part:
                break
            count += len(part)
            digest.update(part)
        start_response("200 OK", plain)
        return [("%d %s" % (count, digest.hexdigest())).encode()]
    if path == "/length":
        body = environ["wsgi.input"].read()
        start_response("200 OK", plain)
        return [("%s %d" % (environ.get("CONTENT_LENGTH"), len(body))).encode()]
    if path == "/unread":
        start_response("200 OK", plain)
        return [b"not read"]
    if path == "/big":
        count = int(environ["QUERY_STRING"])
        start_response("200 OK", plain)
        return (b"y" * 100000 for _ in range(count // 100000))
    if path == "/file":
        start_response("200 OK", plain)
        return environ["wsgi.file_wrapper"](open(environ["QUERY_STRING"], "rb"))
    if path == "/print":
        print("printed line")
        sys.stdout.flush()
        os.write(2, b"raw \xff\x1b[31m no end")
        start_response("200 OK", plain)
        return [b"ok"]
    if path == "/head":
        start_response("418 I am a Teapot", [("X-One", "1"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("Server", "mine")])
        return [b"tea"]
    if path == "/nothing":
        start_response("204 No Content", [])
        return []
    if path == "/bad-protocol":
        os.write(3, b"\xff" * 64)
        time.sleep(5)
    if path == "/environ":
        start_response("200 OK", plain)
        return [("%s=%s\n" % (k, environ[k])).encode("latin-1") for k in sorted(environ) if isinstance(environ[k], str)]
    start_response("200 OK", plain + [("X-Pid", str(os.getpid()))])
    return [("%s %s %s" % (method, environ["SCRIPT_NAME"], path)).encode("latin-1")]
