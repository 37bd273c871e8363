"""The same 11 bytes by way of Flask."""

from flask import Flask

app = Flask(__name__)


@app.route("/")
def index():
    return "Hello World"
