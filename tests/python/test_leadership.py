"""Who runs what when: quick requests pass blocked ones while a thread is free."""

from __future__ import annotations

import os
import time
import unittest

from engine import DEADLINE, LOG, SHUTDOWN, WorkerTest

APP = """
    import os, threading, time
    gate = os.open("gate", os.O_RDWR)
    def app(environ, start_response):
        path = environ["PATH_INFO"]
        if path == "/blocked":
            print("blocked")
            os.read(gate, 1)
        elif path == "/spin":
            end = time.process_time() + 0.05
            while time.process_time() < end: pass
        elif path == "/sleep":
            time.sleep(0.02)
        start_response("200 OK", [])
        return [("%s %s" % (path, threading.current_thread().name)).encode()]
"""


class LeadershipTest(WorkerTest):
    def start(self, threads: int) -> None:
        gate = os.path.join(self.directory, "gate")
        if not os.path.exists(gate):
            os.mkfifo(gate)
            self.gate = os.open(gate, os.O_RDWR)
            self.addCleanup(os.close, self.gate)
        self.worker = self.serve(APP, threads=threads)

    def release(self, count: int) -> None:
        os.write(self.gate, b"." * count)

    def test_quick_requests_in_the_same_batch_pass_a_blocked_one(self) -> None:
        self.start(4)
        for _ in range(3):
            # All in one write: the blocked one is first in its batch, the rest lies behind it.
            blocked = self.worker.start("/blocked")
            quick = [self.worker.start("/%d" % i) for i in range(10)]
            for i, stream in enumerate(quick):
                self.assertTrue(self.worker.finish(stream).body.startswith(b"/%d app-" % i))
            self.release(1)
            self.assertTrue(self.worker.finish(blocked).body.startswith(b"/blocked"))

    def test_answers_made_before_the_blocked_one_do_not_wait_for_it(self) -> None:
        self.start(1)
        quick = self.worker.start("/quick")
        blocked = self.worker.start("/blocked")
        behind = self.worker.start("/behind")
        self.assertTrue(self.worker.finish(quick).body.startswith(b"/quick"))
        self.release(1)
        self.worker.finish(blocked)
        self.assertTrue(self.worker.finish(behind).body.startswith(b"/behind"))

    def test_all_threads_but_one_blocked_and_the_last_serves_everybody(self) -> None:
        self.start(4)
        blocked = [self.worker.start("/blocked") for _ in range(3)]
        for i in range(200):
            self.assertTrue(self.worker.get("/%d" % i).body.startswith(b"/%d " % i))
        self.release(3)
        names = {self.worker.finish(stream).body for stream in blocked}
        self.assertEqual(len(names), 3, "each blocked in a thread of its own")

    def test_requests_beyond_the_threads_are_run_when_one_is_free(self) -> None:
        for threads in (1, 2, 4):
            with self.subTest(threads=threads):
                self.start(threads)
                blocked = [self.worker.start("/blocked") for _ in range(threads + 3)]
                waiting = self.worker.start("/waiting")
                self.release(threads + 3)
                for stream in blocked:
                    self.assertTrue(self.worker.finish(stream).body.startswith(b"/blocked"))
                self.assertTrue(self.worker.finish(waiting).body.startswith(b"/waiting"))

    def test_every_second_request_sleeps_and_nothing_is_lost(self) -> None:
        self.start(4)
        for _ in range(10):
            streams = [(self.worker.start("/sleep" if i % 2 else "/quick"), i) for i in range(12)]
            for stream, i in streams:
                self.assertTrue(self.worker.finish(stream).body.startswith(b"/sleep" if i % 2 else b"/quick"))

    def test_an_app_known_to_block_is_run_after_leadership_was_passed_on(self) -> None:
        self.start(4)
        for _ in range(10):
            self.worker.get("/sleep")
        # From now on each of these takes a thread of its own at once: all four meet at the gate.
        blocked = [self.worker.start("/blocked") for _ in range(4)]
        self.worker.wait_output(b"blocked\n" * 4)
        self.release(4)
        self.assertEqual(len({self.worker.finish(stream).body for stream in blocked}), 4)
        for i in range(100):
            self.worker.get("/quick")

    def test_a_busy_loop_does_not_hold_up_the_quick_ones(self) -> None:
        self.start(3)
        spin = self.worker.start("/spin")
        for _ in range(20):
            self.assertTrue(self.worker.get("/quick").body.startswith(b"/quick"))
        self.worker.finish(spin)

    def test_threads_start_only_when_needed_and_never_more_than_allowed(self) -> None:
        self.start(3)
        for _ in range(50):
            self.worker.get("/quick")
        self.assertLessEqual(len(os.listdir("/proc/%d/task" % self.worker.pid)), 1 + 3)
        blocked = [self.worker.start("/blocked") for _ in range(9)]
        self.release(9)
        for stream in blocked:
            self.worker.finish(stream)
        self.assertLessEqual(len(os.listdir("/proc/%d/task" % self.worker.pid)), 1 + 3)

    def test_no_processor_time_is_used_while_idle(self) -> None:
        self.start(4)
        self.worker.get("/quick")
        deadline = time.monotonic() + DEADLINE
        before = -1
        while self.context_switches() != before:
            before = self.context_switches()
            self.assertLess(time.monotonic(), deadline, "a thread wakes up although nothing runs")
            time.sleep(0.05)

    def context_switches(self) -> int:
        total = 0
        for task in os.listdir("/proc/%d/task" % self.worker.pid):
            with open("/proc/%d/task/%s/status" % (self.worker.pid, task)) as status:
                total += sum(int(line.split()[1]) for line in status if "ctxt_switches" in line)
        return total

    def test_shutdown_under_load_answers_everything_that_was_sent(self) -> None:
        for threads in (1, 4):
            with self.subTest(threads=threads):
                self.start(threads)
                streams = [self.worker.start("/sleep" if i % 3 == 0 else "/quick") for i in range(30)]
                self.worker.send(SHUTDOWN, 0)
                for stream in streams:
                    self.assertEqual(self.worker.finish(stream).status, "200 OK")
                self.assertEqual(self.worker.wait_exit(), 0)

    def test_a_mixed_storm_is_answered_whole(self) -> None:
        self.start(4)
        paths = ["/quick", "/sleep", "/quick", "/quick", "/spin"]
        for _ in range(5):
            streams = [(paths[i % 5], self.worker.start(paths[i % 5])) for i in range(20)]
            for path, stream in streams:
                self.assertTrue(self.worker.finish(stream).body.startswith(path.encode()))
        self.assertEqual([frame for frame in self.worker.frames if frame.kind == LOG], [])


if __name__ == "__main__":
    unittest.main()
