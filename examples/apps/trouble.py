"""Misbehaves on request, to show that trouble stays where it is: one answer, one worker, never the server."""

import os
import time

PAGE = b"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>trouble</title>
<link rel="stylesheet" href="/style.css">
<main class="plain">
<p><a href="/">&larr; demo</a></p>
<h1>Trouble on request</h1>
<ul>
<li><a href="raise">Raise an exception</a>: 500 for this request, the traceback in app.log, nothing of it on the wire.</li>
<li><a href="slow">Sleep two seconds</a>: other requests pass by on the other threads.</li>
<li><form method="post" action="exit"><button>End the worker process</button></form>
the app calls os._exit(): 502 for this request, a fresh worker at once, see skitaid status.</li>
</ul>
</main>
"""


def app(environ, start_response):
    path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
    if path in ("", "/"):
        return answer(start_response, "200 OK", PAGE, "text/html; charset=utf-8")
    if path == "/raise":
        raise RuntimeError("asked for by " + environ["REMOTE_ADDR"])
    if path == "/slow":
        time.sleep(2)
        return answer(start_response, "200 OK", b"Slept for two seconds.\n")
    if path == "/exit" and method == "POST":
        os._exit(1)
    if path == "/exit":
        return answer(start_response, "405 Method Not Allowed", b"POST only.\n", extra=[("Allow", "POST")])
    return answer(start_response, "404 Not Found", b"No such trouble.\n")


def answer(start_response, status, body, content_type="text/plain", extra=()):
    start_response(status, [("Content-Type", content_type), ("Content-Length", str(len(body))), *extra])
    return [body]
