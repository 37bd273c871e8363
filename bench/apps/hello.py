"""The smallest honest WSGI app: 11 bytes."""

BODY = b"Hello World"
HEADERS = [("Content-Type", "text/plain"), ("Content-Length", "11")]


def app(environ, start_response):
    start_response("200 OK", HEADERS)
    return [BODY]
