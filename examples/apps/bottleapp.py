"""A Bottle app: a page, a form, a streaming answer."""

import time

from bottle import Bottle, request, response, template

app = Bottle()

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Bottle on skitaid</title>
<h1>Bottle</h1>
<p>Hello, {{name}}. Mounted at <code>{{mount}}</code>.</p>
<form method="post" action="{{mount}}/"><input name="name"> <button>Greet</button></form>
<p><a href="{{mount}}/stream">A stream</a></p>
"""


@app.route("/", method=["GET", "POST"])
def index():
    return template(PAGE, name=request.forms.getunicode("name") or "World", mount=request.environ["SCRIPT_NAME"])


@app.get("/stream")
def stream():
    response.content_type = "text/plain"
    for n in range(1, 6):
        yield "line {}\n".format(n)
        time.sleep(0.05)
