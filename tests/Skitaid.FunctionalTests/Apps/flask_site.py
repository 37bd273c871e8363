"""The site of the framework tests, in Flask."""

import hashlib
import threading

from flask import Flask, Response, jsonify, redirect, request, url_for

app = Flask(__name__)
gate = threading.Event()


@app.route("/form", methods=["POST"])
def form():
    return jsonify(name=request.form["name"], tags=request.form.getlist("tag"))


@app.route("/upload", methods=["POST"])
def upload():
    file = request.files["file"]
    body = file.stream.read()
    return jsonify(filename=file.filename, note=request.form["note"], size=len(body), sha256=hashlib.sha256(body).hexdigest())


@app.route("/cookies/set")
def set_cookies():
    answer = Response("set", mimetype="text/plain")
    answer.set_cookie("first", "one two", path=url_for("root"), httponly=True)
    answer.set_cookie("second", "2")
    return answer


@app.route("/cookies/get")
def get_cookies():
    return jsonify(dict(request.cookies))


@app.route("/")
def root():
    return "root"


@app.route("/go")
def go():
    return redirect(url_for("landed", number=7, **{"from": "go"}))


@app.route("/landed/<int:number>")
def landed(number):
    return "landed {} from {}".format(number, request.args.get("from"))


@app.route("/slashed/")
def slashed():
    return "slashed"


@app.route("/stream")
def stream():
    def lines():
        yield "first\n"
        yield "last\n" if gate.wait(60) else "nobody opened the gate\n"

    gate.clear()
    return Response(lines(), mimetype="text/plain")


@app.route("/stream/open", methods=["POST"])
def open_gate():
    gate.set()
    return "open"


@app.route("/json")
def numbers():
    return jsonify(squares=[n * n for n in range(5)], text="größer", nothing=None)


@app.route("/raise")
def fault():
    raise RuntimeError("on purpose " + request.args["token"])


@app.route("/café/<word>")
def cafe(word):
    return jsonify({"word": word, "q": request.args["q"], "self": url_for("cafe", word=word)})
