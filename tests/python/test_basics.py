"""Start, a request, an answer, the end."""

from __future__ import annotations

import json
import os
import signal
import unittest

from engine import HELLO, LOG, READY, SHUTDOWN, WorkerTest

HELLO_APP = """
    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"hello " + environ["PATH_INFO"].encode("latin-1")]
"""


class Basics(WorkerTest):
    def test_says_hello_then_ready_then_answers(self) -> None:
        self.write("site_app.py", HELLO_APP)
        engine = self.engine(threads=4)
        hello = engine.next_frame(0)
        self.assertEqual(hello.kind, HELLO)
        said = json.loads(hello.payload)
        self.assertEqual((said["protocol"], said["pid"]), (1, engine.pid))
        ready = engine.next_frame(0)
        self.assertEqual(ready.kind, READY)
        self.assertEqual(json.loads(ready.payload), {"kind": "wsgi", "debug": False, "use_reloader": False})
        answer = engine.get("/x")
        self.assertEqual(answer.status, "200 OK")
        self.assertEqual(answer.headers, [("Content-Type", "text/plain")])
        self.assertEqual(answer.body, b"hello /x")
        self.assertEqual(len(answer.frames), 1, "a small answer is one frame")

    def test_many_requests_in_one_write_are_all_answered(self) -> None:
        for threads in (0, 1, 4):
            with self.subTest(threads=threads):
                engine = self.serve(HELLO_APP, threads=threads)
                streams = [engine.start("/%d" % i) for i in range(200)]
                for i, stream in enumerate(streams):
                    self.assertEqual(engine.finish(stream).body, b"hello /%d" % i)

    def test_shutdown_answers_what_is_in_hand_and_runs_atexit(self) -> None:
        gate = os.path.join(self.directory, "gate")
        os.mkfifo(gate)
        engine = self.serve("""
            import atexit, os
            atexit.register(lambda: print("the end of", os.getpid()))
            def app(environ, start_response):
                print("taken", environ["PATH_INFO"])
                with open("gate") as gate:
                    gate.read()
                start_response("200 OK", [])
                return [b"late"]
        """, threads=2)
        stream = engine.start("/slow")
        engine.wait_output(b"taken /slow\n")
        engine.send(SHUTDOWN, 0)
        with open(gate, "w"):
            pass
        self.assertEqual(engine.finish(stream).body, b"late")
        self.assertEqual(engine.wait_exit(), 0)
        engine.wait_output(b"the end of %d\n" % engine.pid)

    def test_an_idle_worker_ends_on_shutdown_and_on_sigterm(self) -> None:
        for way in ("frame", "signal"):
            for used in (False, True):
                with self.subTest(way=way, used=used):
                    engine = self.serve(HELLO_APP, threads=2)
                    if used:
                        engine.get()
                    if way == "frame":
                        engine.send(SHUTDOWN, 0)
                    else:
                        os.kill(engine.pid, signal.SIGTERM)
                    self.assertEqual(engine.wait_exit(), 0)

    def test_the_end_of_the_socket_ends_the_worker(self) -> None:
        engine = self.serve(HELLO_APP)
        engine.socket.shutdown(2)
        self.assertEqual(engine.wait_exit(), 1)

    def test_an_app_that_raises_gives_500_and_one_log_frame(self) -> None:
        engine = self.serve("""
            def app(environ, start_response):
                return [b"%d" % (1 / 0)]
        """)
        answer = engine.get("/boom?x=1")
        self.assertEqual(answer.status, "500 Internal Server Error")
        self.assertNotIn(b"ZeroDivisionError", answer.body)
        entry = engine.next_of(LOG).payload
        self.assertEqual(entry[0], 3)
        lines = entry[1:].decode().split("\n")
        self.assertEqual(lines[0], "GET /boom?x=1: ZeroDivisionError: division by zero")
        self.assertEqual(lines[1], "Traceback (most recent call last):")
        self.assertIn("site_app.py", lines[2], "the first frame shown is the app's")


if __name__ == "__main__":
    unittest.main()
