"""The benchmark reads what wrk and /proc say, and ends what it started."""

import os
import subprocess
import sys
import time
import unittest
from typing import Set

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "bench"))

import load  # noqa: E402
import processes  # noqa: E402

WRK = """Running 2s test @ http://127.0.0.1:1/
  1 threads and 8 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.52ms    2.10ms  33.88ms   92.35%
    Req/Sec     8.34k     1.11k   10.01k    70.00%
  Latency Distribution
     50%  812.00us
     75%    1.60ms
     90%    3.51ms
     99%   10.75ms
  16600 requests in 2.00s, 2.41MB read
  Socket errors: connect 1, read 2, write 0, timeout 4
  Non-2xx or 3xx responses: 5
Requests/sec:   8296.35
Transfer/sec:      1.20MB
"""


class Wrk(unittest.TestCase):
    def test_figures_and_errors_are_read(self) -> None:
        self.assertEqual(load.parse(WRK), load.Load(16600, 8296.35, 812.0, 10750.0, 12))

    def test_what_is_no_result_is_refused(self) -> None:
        with self.assertRaisesRegex(RuntimeError, "unable to connect"):
            load.parse("unable to connect to 127.0.0.1:1 Connection refused\n")


class Processes(unittest.TestCase):
    def start(self, script: str) -> subprocess.Popen:
        child = subprocess.Popen(["/bin/sh", "-c", script], stdout=subprocess.PIPE, start_new_session=True)
        self.addCleanup(child.stdout.close)
        self.addCleanup(processes.end, child, patience=0.1)
        return child

    def test_a_tree_holds_children_and_grandchildren(self) -> None:
        child = self.start("(sleep 60 & sleep 60 & echo ready; wait) & wait")
        child.stdout.readline()
        self.assertEqual(len(processes.tree(child.pid)), 4)
        self.assertGreater(processes.memory_megabytes(child.pid), 0)

    def test_the_time_of_ended_children_is_counted(self) -> None:
        child = self.start("%s -c 'import time\nwhile time.process_time() < 0.2: pass'; echo ready; sleep 60" % sys.executable)
        child.stdout.readline()
        self.assertGreaterEqual(processes.cpu_seconds(child.pid), 0.18)

    def test_the_end_of_a_tree_reaches_those_that_do_not_listen(self) -> None:
        child = self.start("trap '' TERM; (trap '' TERM; sleep 60 & wait; sleep 60) & echo ready; wait; sleep 60")
        child.stdout.readline()
        members = [stat.pid for stat in processes.tree(child.pid)]
        processes.end(child, patience=0.2)
        deadline = time.monotonic() + 5
        while (left := set(members) & running()) and time.monotonic() < deadline:
            time.sleep(0.01)
        self.assertEqual(left, set())


def running() -> Set[int]:
    return {stat.pid for stat in processes.all_stats().values() if not stat.ended}


if __name__ == "__main__":
    unittest.main()
