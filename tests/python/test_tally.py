"""What ./test counts: a suite that crashes, hangs or says nothing is a failure."""

import json
import os
import subprocess
import sys
import tempfile
import unittest
from typing import Any, Dict, List

TALLY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tally.py")


def tally(form: str, text: str, status: int) -> List[str]:
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "results")
        if text:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        return subprocess.run([sys.executable, TALLY, form, path, str(status), "60"],
                              check=True, capture_output=True, text=True).stdout.splitlines()


def ctrf(*tests: Dict[str, Any], errors: List[Any] = []) -> str:  # noqa: B006 (never changed)
    count = [test["status"] for test in tests].count
    summary = {"passed": count("passed"), "failed": count("failed"), "skipped": count("skipped"), "pending": 0}
    return json.dumps({"results": {"summary": summary, "tests": tests, "extra": {"suites": [{"errors": errors}]}}})


GOOD = {"name": "A.good", "status": "passed"}
BAD = {"name": "A.bad", "status": "failed", "message": "1 is not 2\nat line 3"}


class Ctrf(unittest.TestCase):
    def test_counts_and_names(self) -> None:
        skipped = {"name": "A.later", "status": "skipped"}
        self.assertEqual(tally("ctrf", ctrf(GOOD, BAD, skipped), 1), ["1 1 1", "A.bad: 1 is not 2 at line 3"])

    def test_no_tests_is_no_failure(self) -> None:
        self.assertEqual(tally("ctrf", ctrf(), 0), ["0 0 0"])

    def test_a_crash_without_results_is_a_failure(self) -> None:
        self.assertEqual(tally("ctrf", "", 134), ["0 1 0", "crashed with signal 6"])

    def test_a_crash_after_the_results_is_a_failure(self) -> None:
        self.assertEqual(tally("ctrf", ctrf(GOOD), 139), ["1 1 0", "crashed with signal 11"])

    def test_a_hang_is_a_failure(self) -> None:
        self.assertEqual(tally("ctrf", "", 124)[0], "0 1 0")

    def test_a_bad_exit_status_with_good_results_is_a_failure(self) -> None:
        self.assertEqual(tally("ctrf", ctrf(GOOD), 3), ["1 1 0", "ended with exit status 3"])

    def test_half_a_file_is_a_failure(self) -> None:
        self.assertEqual(tally("ctrf", ctrf(GOOD)[:40], 0)[0], "0 1 0")

    def test_an_error_outside_of_a_test_is_a_failure(self) -> None:
        self.assertEqual(tally("ctrf", ctrf(GOOD, errors=[{"message": "clean-up"}]), 1),
                         ["1 1 0", "outside of a test: clean-up"])


class Unittest(unittest.TestCase):
    def test_counts_and_names(self) -> None:
        text = ("====\nFAIL: test_a (m.T)\n----\n====\nERROR: test_b (m.T)\n----\n"
                "Ran 6 tests in 0.010s\n\nFAILED (failures=1, errors=1, skipped=1, expected failures=1)\n")
        self.assertEqual(tally("unittest", text, 1), ["3 2 1", "test_a (m.T)", "test_b (m.T)"])

    def test_all_good(self) -> None:
        self.assertEqual(tally("unittest", "----\nRan 1 test in 0.000s\n\nOK\n", 0), ["1 0 0"])

    def test_no_tests_found_is_no_failure(self) -> None:
        self.assertEqual(tally("unittest", "----\nRan 0 tests in 0.000s\n\nNO TESTS RAN\n", 5), ["0 0 0"])

    def test_no_summary_is_a_failure(self) -> None:
        self.assertEqual(tally("unittest", "Traceback ...\n", 1), ["0 1 0", "no readable results (no summary line), exit status 1"])


if __name__ == "__main__":
    unittest.main()
