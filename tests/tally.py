"""Counts the results of one test suite for the `test` script.

usage: tally.py ctrf|unittest RESULTS EXIT_STATUS TIME_LIMIT

Prints "PASSED FAILED SKIPPED", then a line for each failure. A suite that crashed, hung or left no readable results
counts as one failure more: silence is never success.
"""

import json
import re
import sys
from typing import List, NamedTuple


class Tally(NamedTuple):
    passed: int
    skipped: int
    failures: List[str]


def read_ctrf(text: str) -> Tally:
    """The Common Test Report Format that xunit writes with -ctrf."""
    results = json.loads(text)["results"]
    summary = results["summary"]
    failures = []
    for test in results["tests"]:
        if test["status"] not in ("passed", "skipped", "pending"):
            reason = " ".join((test.get("message") or "").split())
            failures.append(test["name"] + (": " + reason[:200] if reason else ""))
    # Errors outside of a test: a fixture that does not start, a clean-up that fails.
    for suite in results.get("extra", {}).get("suites", []):
        failures.extend("outside of a test: " + str(error.get("message", error) if isinstance(error, dict) else error)
                        for error in suite.get("errors", []))
    return Tally(summary["passed"], summary["skipped"] + summary["pending"], failures)


def read_unittest(text: str) -> Tally:
    """What `python -m unittest -v` prints."""
    ran = re.findall(r"^Ran (\d+) tests? in ", text, re.MULTILINE)
    if not ran:
        raise ValueError("no summary line")
    failures = re.findall(r"^(?:FAIL|ERROR|UNEXPECTED SUCCESS): (.+)$", text, re.MULTILINE)
    counts = dict(re.findall(r"([a-z][a-z ]+)=(\d+)", text[text.rindex("\nRan "):]))  # FAILED (failures=1, skipped=2)
    failed = sum(int(counts.get(word, 0)) for word in ("failures", "errors", "unexpected successes"))
    skipped = int(counts.get("skipped", 0))
    failures.extend("(name not found in the log)" for _ in range(failed - len(failures)))
    # An error in setUpClass is not a test that ran.
    return Tally(max(0, int(ran[-1]) - failed - skipped), skipped, failures)


def main() -> None:
    form, path, status, limit = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
    tally = Tally(0, 0, [])
    trouble = None
    try:
        with open(path, encoding="utf-8", errors="replace") as results:
            text = results.read()
        tally = read_ctrf(text) if form == "ctrf" else read_unittest(text)
    except (OSError, ValueError, KeyError, TypeError) as error:
        trouble = "no readable results (%s)" % error
    if status in (124, 137):
        trouble = "did not end within %s s or was killed" % limit
    elif status > 128:
        trouble = "crashed with signal %d" % (status - 128)
    elif trouble is None and status != 0 and not tally.failures and not (form == "unittest" and status == 5):
        trouble = "ended with exit status %d" % status
    elif trouble is not None:
        trouble += ", exit status %d" % status
    failures = tally.failures + ([trouble] if trouble else [])
    print(tally.passed, len(failures), tally.skipped)
    for failure in failures:
        print(" ".join(failure.split()))


if __name__ == "__main__":
    main()
