"""Output, signals, and how a worker ends."""

from __future__ import annotations

import os
import select
import signal
import struct
import subprocess
import sys
import textwrap
import time
import unittest

from engine import DEADLINE, LOG, WorkerTest


def _runs(pid: int) -> bool:
    try:
        with open("/proc/%d/stat" % pid) as status:
            return status.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


class Output(WorkerTest):
    def test_print_logging_and_wsgi_errors_appear_at_once(self) -> None:
        engine = self.serve("""
            import logging, sys
            def app(environ, start_response):
                print("printed caf\\u00e9 \\udc80")
                logging.getLogger("x").warning("logged")
                environ["wsgi.errors"].write("to errors\\n")
                print("unended", end="", flush=True)
                start_response("200 OK", [])
                return []
        """, environment={"LC_ALL": "C", "PYTHONIOENCODING": "ascii"})
        engine.get()
        for text in ("printed caf\u00e9 \\udc80\n".encode(), b"logged\n", b"to errors\n", b"unended"):
            engine.wait_output(text)


    def test_the_lines_of_threads_are_never_mixed(self) -> None:
        engine = self.serve("""
            import sys, threading
            def app(environ, start_response):
                barrier = threading.Barrier(4)
                def talk(letter):
                    barrier.wait()
                    for _ in range(500):
                        print(letter, letter * 50, letter)
                threads = [threading.Thread(target=talk, args=(letter,)) for letter in "abcd"]
                for thread in threads: thread.start()
                for thread in threads: thread.join()
                sys.stdout.write("no newline")
                start_response("200 OK", [])
                return []
        """)
        engine.get()
        os.kill(engine.pid, signal.SIGTERM)
        self.assertEqual(engine.wait_exit(), 0)
        engine.wait_output(b"no newline")
        lines = engine.output.decode().split("\n")
        self.assertEqual(len(lines), 2001)
        self.assertEqual(set(lines[:-1]), {"%s %s %s" % (letter, letter * 50, letter) for letter in "abcd"})


class Signals(WorkerTest):
    APP = """
        import os, signal, time
        gate = os.open("gate", os.O_RDWR)
        def stuck_here():
            print("taken")
            os.read(gate, 1)
        def app(environ, start_response):
            stuck_here()
            start_response("200 OK", [])
            return [b"done"]
    """

    def setUp(self) -> None:
        super().setUp()
        gate = os.path.join(self.directory, "gate")
        os.mkfifo(gate)
        self.gate = os.open(gate, os.O_RDWR)
        self.addCleanup(os.close, self.gate)

    def test_sigterm_waits_for_what_is_in_hand(self) -> None:
        for threads in (1, 3):
            with self.subTest(threads=threads):
                engine = self.serve(self.APP, threads=threads)
                stream = engine.start()
                engine.wait_output(b"taken\n")
                os.kill(engine.pid, signal.SIGTERM)
                os.kill(engine.pid, signal.SIGTERM)
                os.write(self.gate, b".")
                self.assertEqual(engine.finish(stream).body, b"done")
                self.assertEqual(engine.wait_exit(), 0)

    def test_sigint_is_ignored(self) -> None:
        engine = self.serve(self.APP)
        os.kill(engine.pid, signal.SIGINT)
        stream = engine.start()
        os.write(self.gate, b".")
        self.assertEqual(engine.finish(stream).body, b"done")

    def test_sigusr2_dumps_every_thread_to_descriptor_4(self) -> None:
        engine = self.serve(self.APP)
        engine.start()
        engine.wait_output(b"taken\n")
        os.kill(engine.pid, signal.SIGUSR2)
        dump = b""
        while b"in watch" not in dump or b"in stuck_here" not in dump:
            self.assertTrue(select.select([engine.dumps], [], [], DEADLINE)[0], dump)
            dump += os.read(engine.dumps, 65536)

    def test_an_app_in_a_loop_of_its_own_does_not_outlive_the_engine(self) -> None:
        # A parent in between plays the engine and is killed; the worker must follow although its thread never returns.
        self.write("site_app.py", """
            import re
            def app(environ, start_response):
                print("spinning", flush=True)
                re.match("(a*)*b", "a" * 60)  # holds the interpreter lock for ages
        """)
        script = textwrap.dedent("""
            import sys, time
            sys.path.insert(0, %r)
            from engine import Engine
            engine = Engine(%r)
            engine.ready()
            engine.start()
            engine.wait_output(b"spinning")
            print(engine.pid, flush=True)
            time.sleep(60)
        """) % (os.path.dirname(os.path.abspath(__file__)), self.directory)
        with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as parent:
            assert parent.stdout is not None
            pid = int(parent.stdout.readline())
            parent.kill()
        deadline = time.monotonic() + DEADLINE
        while _runs(pid):
            self.assertLess(time.monotonic(), deadline, "the worker outlives its engine")
            time.sleep(0.01)

    def test_a_thread_of_the_app_that_never_ends_does_not_matter_when_it_is_a_daemon(self) -> None:
        engine = self.serve("""
            import threading, time
            threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
            def app(environ, start_response):
                start_response("200 OK", [])
                return []
        """)
        engine.get()
        os.kill(engine.pid, signal.SIGTERM)
        self.assertEqual(engine.wait_exit(), 0)

    def test_a_child_of_the_app_does_not_hold_the_frame_socket(self) -> None:
        engine = self.serve("""
            import os, subprocess
            def app(environ, start_response):
                start_response("200 OK", [])
                child = subprocess.run(["ls", "/proc/self/fd"], stdout=subprocess.PIPE, close_fds=False)
                return [child.stdout]
        """)
        listed = engine.get().body.split()
        self.assertNotIn(b"4", listed)

    def test_a_broken_frame_is_logged_and_ends_the_worker(self) -> None:
        for frame in (struct.pack("<IBBHI", 0, 77, 0, 0, 1), struct.pack("<IBBHI", 1 << 30, 2, 0, 0, 1),
                      struct.pack("<IBBHI", 2, 2, 1, 0, 1) + b"ab"):
            with self.subTest(frame):
                engine = self.serve(self.APP)
                engine.socket.sendall(frame)
                entry = engine.next_of(LOG).payload
                self.assertIn(b"the engine broke the worker protocol", entry)
                self.assertEqual(engine.wait_exit(), 1)


if __name__ == "__main__":
    unittest.main()
