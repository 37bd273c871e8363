"""The site of the framework tests, in Bottle."""

import hashlib
import threading

from bottle import Bottle, redirect, request, response

app = Bottle()
gate = threading.Event()


@app.post("/form")
def form():
    return {"name": request.forms.getunicode("name"), "tags": request.forms.getall("tag")}


@app.post("/upload")
def upload():
    file = request.files["file"]
    body = file.file.read()
    digest = hashlib.sha256(body).hexdigest()
    # Bottle has decoded the fields of a multipart body already; getunicode is for the others.
    return {"filename": file.raw_filename, "note": request.forms["note"], "size": len(body), "sha256": digest}


@app.get("/cookies/set")
def set_cookies():
    response.set_cookie("first", "one two", path=app.get_url("root"), httponly=True)
    response.set_cookie("second", "2", path="/")
    return "set"


@app.get("/cookies/get")
def get_cookies():
    return dict(request.cookies)


@app.get("/", name="root")
def root():
    return "root"


@app.get("/go")
def go():
    redirect(app.get_url("landed", number=7, **{"from": "go"}))


@app.get("/landed/<number:int>", name="landed")
def landed(number):
    return "landed {} from {}".format(number, request.query.getunicode("from"))


@app.get("/stream")
def stream():
    response.content_type = "text/plain"
    gate.clear()
    yield "first\n"
    yield "last\n" if gate.wait(60) else "nobody opened the gate\n"


@app.post("/stream/open")
def open_gate():
    gate.set()
    return "open"


@app.get("/json")
def numbers():
    return {"squares": [n * n for n in range(5)], "text": "größer", "nothing": None}


@app.get("/raise")
def fault():
    raise RuntimeError("on purpose " + request.query["token"])


@app.get("/café/<word>", name="cafe")
def cafe(word):
    return {"word": word, "q": request.query.getunicode("q"), "self": request.script_name + request.path.lstrip("/")}
