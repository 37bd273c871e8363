"""As short as the sample apps of 2016 were. It yields str, which PEP 3333 does not allow; skitaid serves it as it did then."""


def app(env, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return ["Hello World\n"]
