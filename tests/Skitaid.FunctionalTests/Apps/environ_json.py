"""The environ as JSON: what is text or a number in it."""

import json


def app(environ, start_response):
    body = json.dumps({key: value for key, value in environ.items() if isinstance(value, (str, bool, int))}).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
