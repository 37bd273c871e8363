"""A Flask app: links made by url_for, a form, an answer that streams. It knows nothing of where it is mounted."""

import hashlib
import time

from flask import Flask, Response, render_template_string, request, url_for

app = Flask(__name__)

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Flask on skitaid</title>
<link rel="stylesheet" href="/style.css">
<main class="plain">
<p><a href="/">&larr; demo</a></p>
<h1>Flask</h1>
{% if name %}<p class="say">Hello, {{ name }}.</p>{% endif %}
{% if digest %}<p class="say">{{ size }} bytes, SHA-256 <code>{{ digest }}</code></p>{% endif %}
<ul>
<li><code>url_for("hello", name="Ada")</code> gives <a href="{{ url_for('hello', name='Ada') }}">{{ url_for('hello', name='Ada') }}</a></li>
<li><a href="{{ url_for('stream') }}">An answer that streams</a>, a line every quarter of a second</li>
<li><a href="{{ url_for('numbers', count=10) }}">JSON</a></li>
</ul>
<form method="post" action="{{ url_for('index') }}">
<label>Your name <input name="name" autocomplete="off" required></label> <button>Greet</button>
</form>
<form method="post" action="{{ url_for('upload') }}" enctype="multipart/form-data">
<label>A file <input type="file" name="file" required></label> <button>Upload</button>
</form>
</main>
"""


@app.route("/", methods=["GET", "POST"])
def index():
    return render_template_string(PAGE, name=request.form.get("name"))


@app.route("/hello/<name>")
def hello(name):
    return render_template_string(PAGE, name=name)


@app.route("/numbers/<int:count>")
def numbers(count):
    return {"squares": [n * n for n in range(min(count, 1000))], "self": url_for("numbers", count=count)}


@app.route("/stream")
def stream():
    def lines():
        for n in range(1, 21):
            yield "line {} of 20\n".format(n)
            time.sleep(0.25)

    return Response(lines(), mimetype="text/plain")


@app.route("/upload", methods=["POST"])
def upload():
    sha, size = hashlib.sha256(), 0
    for block in iter(lambda: request.files["file"].stream.read(65536), b""):
        sha.update(block)
        size += len(block)
    return render_template_string(PAGE, digest=sha.hexdigest(), size=size)
