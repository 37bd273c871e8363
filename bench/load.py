"""The load: wrk with one thread and a fixed number of keep-alive connections."""

import re
import shutil
import subprocess
from typing import NamedTuple, Optional


class Load(NamedTuple):
    requests: int
    per_second: float
    p50_us: float
    p99_us: float
    errors: int  # answers that are not 2xx or 3xx, failed connects, reads and writes, time-outs


UNITS = {"us": 1, "ms": 1e3, "s": 1e6, "m": 6e7}


def version() -> Optional[str]:
    if not shutil.which("wrk"):
        return None
    # wrk -v prints its version and usage, and ends with 1.
    text = subprocess.run(["wrk", "-v"], capture_output=True, text=True, check=False)
    return " ".join((text.stdout + text.stderr).split()[:2])


def run(url: str, connections: int, seconds: int) -> Load:
    command = ["wrk", "-t1", "-c%d" % connections, "-d%ds" % seconds, "--timeout", "5s", "--latency", url]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        text, _ = process.communicate(timeout=seconds + 30)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    return parse(text)


def parse(text: str) -> Load:
    total = re.search(r"(\d+) requests in", text)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", text)
    if not total or not rate:
        raise RuntimeError("wrk said: " + " ".join(text.split())[:200])
    errors = sum(int(n) for line in re.findall(r"Socket errors: .*", text) for n in re.findall(r"\d+", line))
    errors += sum(int(n) for n in re.findall(r"Non-2xx or 3xx responses: (\d+)", text))
    return Load(int(total[1]), float(rate[1]), _percentile(text, 50), _percentile(text, 99), errors)


def _percentile(text: str, percent: int) -> float:
    found = re.search(r"^\s+%d%%\s+([\d.]+)(us|ms|s|m)\s*$" % percent, text, re.MULTILINE)
    return float(found[1]) * UNITS[found[2]] if found else float("nan")
