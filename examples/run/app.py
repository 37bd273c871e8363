"""One app, no conf: `python3 app.py` serves it at http://127.0.0.1:5000/ until Ctrl-C.

The same from the command line, without the last two lines: `skitaid run app:app`.
"""

import skitai


def app(environ, start_response):
    body = b"Hello from a file of its own.\n"
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]


if __name__ == "__main__":
    skitai.run(address="127.0.0.1", port=5000, mount=("/", app))
