"""PEP 3333, and what is tolerated beyond it."""

from __future__ import annotations

import json
import unittest

from engine import CREDIT, DATA, DATA_OUT, END, FILE, FILE_DONE, LOG, RESET, RESPONSE, WorkerTest

VALIDATED = """
    import os, tempfile
    from wsgiref.validate import validator

    class Closing:
        def __init__(self, parts): self.parts = iter(parts)
        def __iter__(self): return self
        def __next__(self): return next(self.parts)
        def close(self): print("closed")

    def inner(environ, start_response):
        path = environ["PATH_INFO"]
        if path == "/file":
            file = tempfile.TemporaryFile(); file.write(b"0123456789"); file.seek(3)
            start_response("200 OK", [("Content-Type", "text/plain")])
            return environ["wsgi.file_wrapper"](file)
        if path == "/late":
            def parts():
                start_response("200 OK", [("Content-Type", "text/plain")])
                yield b"a"
                yield b""
                yield b"b"
            return parts()
        if path == "/write":
            write = start_response("200 OK", [("Content-Type", "text/plain")])
            write(b"a")
            return [b"b"]
        if path == "/replaced":
            start_response("200 OK", [("Content-Type", "text/plain")])
            try:
                raise ValueError("before the head is sent")
            except ValueError:
                import sys
                start_response("503 Sorry", [("Content-Type", "text/plain")], sys.exc_info())
            return [b"sorry"]
        if path == "/none":
            start_response("204 No Content", [])
            return []
        if path == "/same":
            start_response("304 Not Modified", [("ETag", '"a"')])
            return []
        data = environ["wsgi.input"]
        if path == "/read":
            body = data.read(3) + b"|" + data.readline() + b"|" + b"".join(data.readlines()) + b"|" + data.read(10)
        elif path == "/iterate":
            body = b"|".join(data)
        else:
            body = b"plain"
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
        return Closing([body])

    app = validator(inner)
"""


class Validator(WorkerTest):
    def test_the_validator_passes_on_every_path(self) -> None:
        for threads in (0, 4):
            engine = self.serve(VALIDATED, threads=threads)
            body = b"123456\nabc\ndef"
            for path, method, sent, status, expected in (
                ("/", "GET", b"", "200 OK", b"plain"),
                ("/", "HEAD", b"", "200 OK", b""),
                ("/late", "GET", b"", "200 OK", b"ab"),
                ("/write", "GET", b"", "200 OK", b"ab"),
                ("/replaced", "GET", b"", "503 Sorry", b"sorry"),
                ("/none", "GET", b"", "204 No Content", b""),
                ("/same", "GET", b"", "304 Not Modified", b""),
                ("/read", "POST", body, "200 OK", b"123|456\n|abc\ndef|"),
                ("/iterate", "POST", body, "200 OK", b"123456\n|abc\n|def"),
            ):
                with self.subTest(path=path, method=method, threads=threads):
                    answer = engine.get(path, method, sent)
                    self.assertEqual((answer.status, answer.body, answer.reset), (status, expected, None))
            for path, expected in (("/read", b"123|456\n|abc\ndef|"), ("/iterate", b"123456\n|abc\n|def")):
                with self.subTest(path=path, streamed=True, threads=threads):
                    stream = engine.start(path, "POST", body[:2], complete=False)
                    for part in (body[2:5], body[5:9], body[9:]):
                        engine.send(DATA, stream, part)
                    engine.send(DATA, stream, b"", END)
                    self.assertEqual(engine.finish(stream).body, expected)
            self.assertNotIn(b"Assertion", engine.output)

    def test_a_file_behind_the_validator_is_iterated(self) -> None:
        engine = self.serve(VALIDATED)
        self.assertEqual(engine.get("/file").body, b"3456789")


class EnvironTest(WorkerTest):
    def test_environ_is_a_dict_of_native_strings(self) -> None:
        engine = self.serve("""
            import json, sys
            def app(environ, start_response):
                start_response("200 OK", [])
                assert type(environ) is dict
                assert all(type(value) is str for key, value in environ.items() if "." not in key), environ
                assert environ["wsgi.errors"] is sys.stderr
                assert environ["wsgi.file_wrapper"]
                shown = {key: value for key, value in environ.items() if key not in ("wsgi.errors", "wsgi.input", "wsgi.file_wrapper")}
                return [json.dumps(shown).encode()]
        """, threads=3, processes=2)
        shown = json.loads(engine.get("/caf\xc3\xa9?a=b", HTTP_X_EMPTY="").body)
        for key, value in {
            "REQUEST_METHOD": "GET", "SCRIPT_NAME": "", "PATH_INFO": "/caf\xc3\xa9", "QUERY_STRING": "a=b",
            "SERVER_SOFTWARE": "skitaid/0.1.0", "GATEWAY_INTERFACE": "CGI/1.1", "HTTP_X_EMPTY": "",
            "wsgi.version": [1, 0], "wsgi.url_scheme": "http", "wsgi.multithread": True, "wsgi.multiprocess": True,
            "wsgi.run_once": False, "wsgi.input_terminated": True, "skitai.thread": 3, "skitai.process": 2,
            "skitai.gtxid": "GTID-C3-R8", "skitai.ltxid": "1000",
        }.items():
            self.assertEqual(shown[key], value, key)
        self.assertEqual(shown["SCRIPT_PATH"], self.directory + "/site_app.py")

    def test_one_request_does_not_see_what_another_put_into_environ(self) -> None:
        engine = self.serve("""
            def app(environ, start_response):
                start_response("200 OK", [])
                seen = environ.get("mine", "nothing")
                environ["mine"] = "leak"
                environ["wsgi.multithread"] = "broken"
                return [seen.encode()]
        """)
        self.assertEqual([engine.get().body for _ in range(3)], [b"nothing"] * 3)


ODD = """
    import io, gzip
    closed = []
    class Parts:
        def __init__(self, *parts): self.parts = parts
        def __iter__(self): return iter(self.parts)
        def close(self): closed.append(1); print("closed", len(closed))
    class Failing(Parts):
        def __iter__(self):
            yield b"begun"
            raise RuntimeError("on the way")
    class CloseFails(Parts):
        def close(self): raise RuntimeError("in close")
    def app(environ, start_response):
        path = environ["PATH_INFO"]
        plain = [("Content-Type", "text/plain")]
        if path == "/str": return "caf\\u00e9"
        if path == "/bytes": return b"bytes"
        if path == "/list": return ["caf\\u00e9", b"!"]
        if path == "/none": return None
        if path == "/int": return [7]
        if path == "/systemexit": raise SystemExit(3)
        if path == "/twice":
            start_response("200 OK", plain); start_response("200 OK", plain)
        if path == "/headers":
            import json
            status, headers = json.loads(environ["QUERY_STRING"])
            start_response(status, [tuple(header) for header in headers])
            return [b"accepted"]
        if path == "/late-exc":
            write = start_response("200 OK", plain); write(b"begun")
            try: raise KeyError("too late")
            except KeyError:
                import sys
                start_response("500 Oops", plain, sys.exc_info())
        if path == "/early-write":
            def parts():
                yield b"x"
            return Parts(b"x", b"y")
        length = environ["QUERY_STRING"]
        if path == "/long":
            start_response("200 OK", [("Content-Length", "3")]); return Parts(b"ab", b"cd", b"ef")
        if path == "/long-list":
            start_response("200 OK", [("Content-Length", "3")]); return [b"abcd"]
        if path == "/short":
            start_response("200 OK", [("Content-Length", "9")]); return Parts(b"ab", b"cd")
        if path == "/short-list":
            start_response("200 OK", [("Content-Length", "9")]); return [b"abcd"]
        if path == "/exact":
            start_response("200 OK", [("Content-Length", "4")]); return Parts(b"ab", b"cd")
        if path == "/failing":
            start_response("200 OK", plain); return Failing()
        if path == "/close-fails":
            start_response("200 OK", plain); return CloseFails(b"whole")
        if path == "/bodyless":
            start_response(environ["HTTP_X_STATUS"], [("Content-Length", "4")]); return Parts(b"body")
        if path == "/head-list":
            start_response("200 OK", plain); return [b"body"]
        start_response("200 OK", plain)
        return Parts(b"a", b"", b"b")
"""


class Answers(WorkerTest):
    def setUp(self) -> None:
        super().setUp()
        self.worker = self.serve(ODD, threads=2)

    def log(self) -> str:
        return self.worker.next_of(LOG).payload[1:].decode()

    def test_answers_without_start_response_are_tolerated(self) -> None:
        for path, body in (("/str", "caf\u00e9"), ("/bytes", "bytes"), ("/list", "caf\u00e9!"), ("/early-write", "xy")):
            with self.subTest(path):
                answer = self.worker.get(path)
                self.assertEqual((answer.status, answer.body.decode()), ("200 OK", body))
                self.assertEqual(answer.header("content-type"), "text/html; charset=utf-8")

    def test_wrong_results_are_500_with_the_reason_in_the_log(self) -> None:
        for path, reason in (
            ("/none", "TypeError: the app returned None, not an iterable of bytes"),
            ("/int", "TypeError: the app's answer holds a int where bytes belong: 7"),
            ("/systemexit", "SystemExit: 3"),
            ("/twice", "AssertionError: start_response was called twice without exc_info"),
        ):
            with self.subTest(path):
                self.assertEqual(self.worker.get(path).status, "500 Internal Server Error")
                self.assertEqual(self.log().split("\n")[0], "GET %s: %s" % (path, reason))

    def test_bad_heads_are_refused(self) -> None:
        for status, headers, reason in (
            ("200 OK", [["X", "a\r\nSet-Cookie: b"]], "the value of the header X has a control character"),
            ("200 OK", [["X", "a\0b"]], "the value of the header X has a control character"),
            ("200 OK", [["X Y", "a"]], "not a header name"),
            ("200 OK", [["X:", "a"]], "not a header name"),
            ("200 OK", [["", "a"]], "not a header name"),
            ("200 OK", [["X\u00e9", "a"]], "not a header name"),
            ("200 OK", [["X", 1]], "the value of the header X is not a str"),
            ("200 OK", [[1, "x"]], "a header name is not a str"),
            ("200 OK", [["X", "\u20ac"]], "not latin-1"),
            ("200 OK", [["Connection", "close"]], "hop-by-hop"),
            ("200 OK", [["transfer-encoding", "chunked"]], "hop-by-hop"),
            ("200 OK", [["Content-Length", "+4"]], "Content-Length is not a number"),
            ("200 OK", [["Content-Length", "4"], ["content-length", "5"]], "two different"),
            ("200 OK\r\nX: y", [], "the status is not like '200 OK'"),
            ("OK", [], "the status is not like '200 OK'"),
            ("101 Switching Protocols", [], "cannot answer with the status"),
            (200, [], "the status is not a str"),
        ):
            with self.subTest(status=status, headers=headers):
                answer = self.worker.get("/headers?" + json.dumps([status, headers]))
                self.assertEqual(answer.status, "500 Internal Server Error")
                self.assertIn(reason, self.log().split("\n")[0])

    def test_good_heads_are_sent_as_they_are(self) -> None:
        headers = [["X-A", "a\tb"], ["Set-Cookie", "a=1"], ["Set-Cookie", "b=2"], ["X-Latin", "caf\u00e9\u00a0"]]
        answer = self.worker.get("/headers?" + json.dumps(["299 Odd But Fine", headers]))
        self.assertEqual(answer.status, "299 Odd But Fine")
        self.assertEqual(answer.headers, [tuple(header) for header in headers])

    def test_exc_info_after_the_head_breaks_the_answer_off(self) -> None:
        answer = self.worker.get("/late-exc")
        self.assertEqual((answer.status, answer.body, answer.reset), ("200 OK", b"begun", "KeyError: 'too late'"))

    def test_a_body_longer_than_content_length_is_cut_and_logged(self) -> None:
        for path in ("/long", "/long-list"):
            with self.subTest(path):
                answer = self.worker.get(path)
                self.assertEqual((answer.body, answer.reset), (b"abc", None))
                self.assertIn("longer than its Content-Length", self.log())

    def test_a_body_shorter_than_content_length_is_reset_and_logged(self) -> None:
        for path in ("/short", "/short-list"):
            with self.subTest(path):
                answer = self.worker.get(path)
                self.assertIn("5 bytes are missing", answer.reset or "")
                self.assertIn("5 bytes are missing", self.log())

    def test_the_last_byte_of_content_length_closes_the_stream(self) -> None:
        frames = self.worker.get("/exact").frames
        self.assertEqual([(frame.kind, frame.end) for frame in frames], [(RESPONSE, False), (DATA_OUT, True)])

    def test_close_is_called_exactly_once_before_the_closing_frame(self) -> None:
        for count, path in enumerate(("/", "/failing", "/short"), 1):
            self.worker.get(path)
            self.worker.wait_output(b"closed %d\n" % count)
        self.worker.get("/head-list")
        self.assertEqual(self.worker.output.count(b"closed"), 3)

    def test_an_error_in_the_middle_resets(self) -> None:
        answer = self.worker.get("/failing")
        self.assertEqual((answer.body, answer.reset), (b"begun", "RuntimeError: on the way"))
        self.assertIn("RuntimeError: on the way", self.log())

    def test_an_error_in_close_is_logged_and_the_whole_answer_kept(self) -> None:
        answer = self.worker.get("/close-fails")
        self.assertEqual((answer.body, answer.reset), (b"whole", None))
        self.assertIn("in close", self.log())

    def test_head_204_and_304_have_no_body(self) -> None:
        answer = self.worker.get("/bodyless", "HEAD", HTTP_X_STATUS="200 OK")
        self.assertEqual((answer.body, answer.header("Content-Length"), answer.reset), (b"", "4", None))
        answer = self.worker.get("/bodyless", HTTP_X_STATUS="304 Not Modified")
        self.assertEqual((answer.body, answer.header("Content-Length")), (b"", "4"))
        answer = self.worker.get("/bodyless", HTTP_X_STATUS="204 No Content")
        self.assertEqual((answer.body, answer.header("Content-Length")), (b"", None))

    def test_head_of_a_complete_answer_says_its_length(self) -> None:
        answer = self.worker.get("/head-list", "HEAD")
        self.assertEqual((answer.body, answer.header("Content-Length")), (b"", "4"))


class DebugPage(WorkerTest):
    def test_the_page_has_the_traceback_only_when_debug_is_set(self) -> None:
        engine = self.serve("""
            def app(environ, start_response):
                raise ValueError("<b>in it</b>")
            app.debug = True
        """)
        answer = engine.get()
        self.assertIn(b"ValueError: &lt;b&gt;in it&lt;/b&gt;", answer.body)
        self.assertNotIn(b"serving.py", answer.body)


class Files(WorkerTest):
    APP = """
        import gzip, io, os, tempfile
        def app(environ, start_response):
            path = environ["PATH_INFO"]
            wrap = environ["wsgi.file_wrapper"]
            headers = []
            if environ["QUERY_STRING"]:
                headers.append(("Content-Length", environ["QUERY_STRING"]))
            if path == "/gzip":
                with gzip.open("data.gz", "wb") as file: file.write(b"unpacked")
                file = gzip.open("data.gz")
            elif path == "/memory":
                file = io.BytesIO(b"in memory")
            elif path == "/named":
                file = tempfile.NamedTemporaryFile(); file.write(b"named"); file.seek(0)
            else:
                file = open("data", "rb")
                file.read(2)
            close = file.close
            class Noisy:
                pass
            start_response("200 OK", headers)
            wrapped = wrap(file)
            def noisy():
                close(); print("file closed")
            wrapped.close = noisy
            return wrapped
    """

    def setUp(self) -> None:
        super().setUp()
        self.write("data", "0123456789")
        self.worker = self.serve(self.APP, threads=1)

    def test_a_regular_file_is_sent_by_the_engine_from_its_position(self) -> None:
        stream = self.worker.start("/")
        head = self.worker.next_frame(stream)
        self.assertEqual((head.kind, head.end), (RESPONSE, False))
        self.assertIn(b"Content-Length\x008", head.payload)
        file = self.worker.next_frame(stream)
        self.assertEqual((file.kind, file.end), (FILE, False))
        self.assertNotIn(b"file closed", self.worker.output, "the file is open until the engine says that it is done")
        self.worker.send(FILE_DONE, stream)
        last = self.worker.next_frame(stream)
        self.assertEqual((last.kind, last.end, last.payload), (DATA_OUT, True, b""))
        self.worker.wait_output(b"file closed\n")
        self.assertEqual(self.worker.get("/").body, b"23456789")

    def test_content_length_makes_it_a_part_of_the_file(self) -> None:
        answer = self.worker.get("/?3")
        self.assertEqual((answer.body, answer.reset), (b"234", None))

    def test_a_file_shorter_than_content_length_is_reset(self) -> None:
        self.assertIn("missing", self.worker.get("/?30").reset or "")

    def test_head_of_a_file_says_its_length(self) -> None:
        answer = self.worker.get("/", "HEAD")
        self.assertEqual((answer.body, answer.header("Content-Length"), len(answer.frames)), (b"", "8", 1))

    def test_anything_but_a_regular_file_is_iterated(self) -> None:
        for path, body in (("/gzip", b"unpacked"), ("/memory", b"in memory")):
            answer = self.worker.get(path)
            self.assertEqual(answer.body, body)
            self.assertNotIn(FILE, [frame.kind for frame in answer.frames])

    def test_a_named_temporary_file_is_a_file(self) -> None:
        answer = self.worker.get("/named")
        self.assertEqual(answer.body, b"named")
        self.assertIn(FILE, [frame.kind for frame in answer.frames])

    def test_a_client_that_leaves_during_a_file_closes_it(self) -> None:
        from engine import ABORT
        stream = self.worker.start("/")
        self.worker.next_frame(stream)
        self.worker.next_frame(stream)
        self.worker.send(ABORT, stream)
        self.worker.wait_output(b"file closed\n")
        self.assertEqual(self.worker.next_frame(stream).kind, RESET)


if __name__ == "__main__":
    unittest.main()
