"""Bodies in both directions, credit, aborts."""

from __future__ import annotations

import os
import struct
import unittest

from engine import ABORT, CREDIT, DATA, DATA_OUT, END, LOG, RESET, RESPONSE, WINDOW, WINDOW_OUT, WorkerTest

APP = """
    import os
    gate = os.open("gate", os.O_RDWR)
    def wait(name):
        os.read(gate, 1)  # a byte for each that may pass
    class Parts:
        def __init__(self, parts): self.parts = parts
        def __iter__(self): return self.parts
        def close(self): print("closed")
    def app(environ, start_response):
        path, body = environ["PATH_INFO"], environ["wsgi.input"]
        if path == "/count":
            total = 0
            while True:
                data = body.read(int(environ["QUERY_STRING"]))
                if not data: break
                total += len(data)
            start_response("200 OK", []); return [str(total).encode()]
        if path == "/echo":
            start_response("200 OK", [])
            return Parts(iter(lambda: body.read1(4096), b""))
        if path == "/unread":
            start_response("200 OK", []); return [b"not interested"]
        if path == "/lines":
            lines = [body.readline(4), body.readline(), next(body)] + body.readlines()
            start_response("200 OK", []); return [repr(lines).encode()]
        if path == "/caught":
            print("reading")
            try:
                body.read()
            except OSError as error:
                print("caught", type(error).__mro__[1].__name__)
            start_response("200 OK", []); return [b"too late"]
        if path == "/uncaught":
            body.read()
        if path == "/big":
            start_response("200 OK", []); return [b"x" * int(environ["QUERY_STRING"])]
        if path == "/endless":
            start_response("200 OK", [])
            def parts():
                try:
                    while True: yield b"x" * 10000
                finally:
                    print("generator ended")
            return Parts(parts())
        if path == "/steps":
            start_response("200 OK", [])
            def parts():
                for step in range(3):
                    yield b"step %d" % step
                    wait("gate")
            return parts()
        if path == "/written":
            write = start_response("200 OK", []); write(b"first"); wait("gate"); write(b"second"); return [b"third"]
        if path == "/stuck":
            print("stuck"); wait("gate")
            start_response("200 OK", []); return [b"late"]
        start_response("200 OK", []); return [b"quick"]
"""


class Streams(WorkerTest):
    threads = 1

    def setUp(self) -> None:
        super().setUp()
        self.gate = os.path.join(self.directory, "gate")
        os.mkfifo(self.gate)
        self.gate_fd = os.open(self.gate, os.O_RDWR)
        self.addCleanup(os.close, self.gate_fd)
        self.worker = self.serve(APP, threads=self.threads)

    def open_gate(self) -> None:
        os.write(self.gate_fd, b".")

    def upload(self, stream: int, size: int, first: int = 0) -> int:
        """Sends a body as the credit allows; the WINDOW frames it took."""
        credit, sent, windows = CREDIT, 0, 0
        while sent < size:
            while not credit:
                frame = self.worker.next_of(WINDOW_OUT, stream)
                credit += struct.unpack("<I", frame.payload)[0]
                self.assertLessEqual(credit, CREDIT)
                windows += 1
            part = min(65536, credit, size - sent)
            sent += part
            credit -= part
            self.worker.send(DATA, stream, b"y" * part, END if sent == size else 0)
        return windows

    def test_a_large_upload_arrives_whole_within_its_credit(self) -> None:
        for read in ("-1", "100", "1000000"):
            with self.subTest(read=read):
                size = 3 * 1024 * 1024 + 17 if read != "100" else 700000
                stream = self.worker.start("/count?" + read, "POST", b"first", complete=False)
                windows = self.upload(stream, size)
                self.assertGreater(windows, 2)
                self.assertEqual(self.worker.finish(stream).body, b"%d" % (size + 5))

    def test_an_echo_streams_both_ways_at_once(self) -> None:
        stream = self.worker.start("/echo", "POST", complete=False)
        wanted = self.worker.next_of(WINDOW_OUT, stream)  # it reads now: the client may be told to send
        self.assertEqual(wanted.payload, b"\0\0\0\0")
        for part in (b"one", b"two", b"three"):
            self.worker.send(DATA, stream, part)
            frame = self.worker.next_frame(stream)
            body = frame.payload[4 + len("200 OK"):] if frame.kind == RESPONSE else frame.payload
            self.assertEqual(body, part)
        self.worker.send(DATA, stream, b"", END)
        last = self.worker.next_frame(stream)
        self.assertTrue(last.end)
        self.worker.wait_output(b"closed\n")

    def test_lines_across_frames(self) -> None:
        stream = self.worker.start("/lines", "POST", b"abc", complete=False)
        for part in (b"def\ngh", b"i\nj\n", b"k\nl"):
            self.worker.send(DATA, stream, part)
        self.worker.send(DATA, stream, b"", END)
        self.assertEqual(self.worker.finish(stream).body, b"[b'abcd', b'ef\\n', b'ghi\\n', b'j\\n', b'k\\n', b'l']")

    def test_a_body_left_unread_harms_nobody(self) -> None:
        stream = self.worker.start("/unread", "POST", b"some", complete=False)
        self.assertEqual(self.worker.finish(stream).body, b"not interested")
        self.worker.send(DATA, stream, b"z" * 65536)
        self.worker.send(DATA, stream, b"", END)
        self.assertEqual(self.worker.get("/").body, b"quick")

    def test_each_yielded_chunk_is_sent_at_once(self) -> None:
        stream = self.worker.start("/steps")
        self.assertTrue(self.worker.next_frame(stream).payload.endswith(b"step 0"))
        for step in (1, 2):
            self.open_gate()
            self.assertEqual(self.worker.next_frame(stream).payload, b"step %d" % step)
        self.open_gate()
        self.assertTrue(self.worker.next_frame(stream).end)

    def test_write_sends_at_once(self) -> None:
        stream = self.worker.start("/written")
        self.assertTrue(self.worker.next_frame(stream).payload.endswith(b"first"))
        self.open_gate()
        self.assertEqual(self.worker.finish(stream).body, b"secondthird")

    def test_an_answer_waits_for_credit_and_others_pass_it(self) -> None:
        size = 2 * 1024 * 1024
        stream = self.worker.start("/big?%d" % size)
        got, first = 0, True
        while got < CREDIT:
            frame = self.worker.next_frame(stream)
            self.assertLessEqual(len(frame.payload), 65536 + 4 + len("200 OK"))
            if frame.kind == DATA_OUT:
                got += len(frame.payload)
        self.assertEqual(got, CREDIT, "no byte more than the credit")
        if self.threads > 1:
            self.assertEqual(self.worker.get("/").body, b"quick")
        else:
            waiting = self.worker.start("/")
        self.worker.send(WINDOW, stream, struct.pack("<I", size))
        rest = self.worker.finish(stream)
        self.assertEqual(65536 + CREDIT + len(rest.body), size)
        if self.threads == 1:
            self.assertEqual(self.worker.finish(waiting).body, b"quick")

    def test_a_huge_answer_arrives_whole(self) -> None:
        for size in (65535, 65536, 65537, 65536 + CREDIT, 65536 + CREDIT + 1, 5000000):
            self.assertEqual(len(self.worker.get("/big?%d" % size).body), size)

    def test_an_abort_ends_a_generator_that_has_no_credit(self) -> None:
        stream = self.worker.start("/endless")
        got = 0
        while got < CREDIT:
            frame = self.worker.next_frame(stream)
            got += len(frame.payload) if frame.kind == DATA_OUT else 0
        self.worker.send(ABORT, stream)
        self.worker.wait_output(b"closed\n")
        self.assertEqual(self.worker.next_of(RESET, stream).payload, b"given up")
        self.assertEqual(self.worker.get("/").body, b"quick")

    def test_an_abort_ends_a_generator_between_two_yields(self) -> None:
        stream = self.worker.start("/steps")
        self.worker.next_frame(stream)
        self.worker.send(ABORT, stream)
        self.settle()
        self.open_gate()
        self.assertEqual(self.worker.next_frame(stream).kind, RESET)

    def test_an_abort_makes_reading_raise(self) -> None:
        stream = self.worker.start("/caught", "POST", b"half", complete=False)
        self.worker.wait_output(b"reading\n")
        self.worker.send(ABORT, stream)
        answer = self.worker.finish(stream)
        self.assertEqual((answer.status, answer.reset), ("", "given up"))
        self.worker.wait_output(b"caught ConnectionAbortedError\n")

    def test_an_abort_nobody_caught_is_no_error_in_the_log(self) -> None:
        stream = self.worker.start("/uncaught", "POST", b"half", complete=False)
        self.worker.send(DATA, stream, b"more")
        self.worker.send(ABORT, stream)
        self.assertEqual(self.worker.finish(stream).reset, "given up")
        self.worker.get("/")
        self.assertEqual([frame for frame in self.worker.frames if frame.kind == LOG], [])

    def test_the_answer_of_an_aborted_request_is_dropped(self) -> None:
        stream = self.worker.start("/stuck")
        self.worker.wait_output(b"stuck\n")
        self.worker.send(ABORT, stream)
        self.settle()
        self.open_gate()
        answer = self.worker.finish(stream)
        self.assertEqual((answer.status, answer.reset), ("", "given up"))

    def settle(self) -> None:
        """Until the worker has dealt with all that was sent: it reads again only after that."""
        self.wait_until_read()
        self.worker.send(ABORT, 999)  # of no stream
        self.wait_until_read()

    def wait_until_read(self) -> None:
        """Until the worker has taken all that was sent from the socket."""
        import array, fcntl, termios, time
        deadline = time.monotonic() + 20
        while True:
            left = array.array("i", [0])
            fcntl.ioctl(self.worker.socket, termios.TIOCOUTQ, left)
            if not left[0]:
                return
            self.assertLess(time.monotonic(), deadline, "nobody reads")
            time.sleep(0.002)

    def test_frames_are_read_while_every_thread_is_busy(self) -> None:
        streams = [self.worker.start("/stuck") for _ in range(max(1, self.threads))]
        waiting = self.worker.start("/")
        self.wait_until_read()
        for stream in streams + [waiting]:
            self.worker.send(ABORT, stream)
        self.settle()
        for _ in streams:
            self.open_gate()
        for stream in streams + [waiting]:
            self.assertEqual(self.worker.finish(stream).reset, "given up")
        self.assertEqual(self.worker.get("/").body, b"quick")


class StreamsWithThreads(Streams):
    threads = 3


class StreamsWithoutThreads(Streams):
    threads = 0


if __name__ == "__main__":
    unittest.main()
