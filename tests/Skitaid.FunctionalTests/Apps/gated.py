"""Requests that wait for a line from the fifo $GATE, a generator that says when it was closed, threads that say who they are."""

import os
import time

TEXT = [("Content-Type", "text/plain")]


def app(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/wait":
        with open(os.environ["GATE"]) as gate:
            line = gate.readline()
        start_response("200 OK", TEXT)
        return [line.encode()]
    if path == "/sleep":
        time.sleep(0.05)
        start_response("200 OK", TEXT)
        return [b"slept"]
    if path == "/endless":
        start_response("200 OK", TEXT)
        return Endless(environ["QUERY_STRING"])
    start_response("200 OK", TEXT)
    return [b"quick"]


class Endless:
    def __init__(self, name):
        self.name = name

    def __iter__(self):
        return self

    def __next__(self):
        time.sleep(0.001)
        return b"more and more\n" * 100

    def close(self):
        print("closed", self.name)
