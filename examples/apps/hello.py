"""A plain WSGI app: what every Python web framework is underneath (PEP 3333)."""

import os


def app(environ, start_response):
    greeting = os.environ.get("DEMO_GREETING", "Hello")
    body = "{}.\nMounted at {!r}, asked for {!r}, answered by process {}.\n".format(
        greeting, environ["SCRIPT_NAME"], environ["PATH_INFO"], os.getpid()
    ).encode()
    start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))])
    return [body]
