"""Answers what was asked, so that a wrong answer to somebody else is seen; says which process it was."""

import os


def app(environ, start_response):
    if environ["PATH_INFO"] == "/pid":
        body = str(os.getpid()).encode()
    else:
        body = (environ["PATH_INFO"] + "?" + environ["QUERY_STRING"]).encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
