"""What a tree of processes costs, read from /proc: CPU time and memory of a server and everything below it."""

import os
import signal
import subprocess
import time
from typing import Dict, List, NamedTuple

TICKS = os.sysconf("SC_CLK_TCK")


class Stat(NamedTuple):
    pid: int
    parent: int
    session: int
    seconds: float  # user + system, its own and that of its ended, waited-for children
    started: str
    ended: bool  # a zombie: over, but nobody has waited for it yet


def read_stat(pid: int) -> Stat:
    with open("/proc/%d/stat" % pid, encoding="latin-1") as file:
        fields = file.read().rpartition(")")[2].split()  # the name before it may hold blanks and parentheses
    ticks = sum(int(field) for field in fields[11:15])  # utime, stime, cutime, cstime
    return Stat(pid, int(fields[1]), int(fields[3]), ticks / TICKS, fields[19], fields[0] == "Z")


def all_stats() -> Dict[int, Stat]:
    stats = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                stats[int(name)] = read_stat(int(name))
            except OSError:
                pass  # it has ended in the meantime
    return stats


def tree(root: int) -> List[Stat]:
    """The root, its descendants, and what else lives in the session that the root leads."""
    stats = all_stats()
    found = {stat.pid for stat in stats.values() if stat.pid == root or stat.session == root}
    while True:
        more = {stat.pid for stat in stats.values() if stat.parent in found} - found
        if not more:
            return [stats[pid] for pid in sorted(found)]
        found |= more


def cpu_seconds(root: int) -> float:
    return sum(stat.seconds for stat in tree(root))


def memory_megabytes(root: int) -> float:
    """Proportional set size: pages shared by several processes are counted once in all."""
    kilobytes = 0
    for stat in tree(root):
        try:
            with open("/proc/%d/smaps_rollup" % stat.pid, encoding="ascii") as file:
                kilobytes += sum(int(line.split()[1]) for line in file if line.startswith("Pss:"))
        except OSError:
            pass  # ended in the meantime
    return kilobytes / 1024


def end(process: subprocess.Popen, patience: float = 10) -> None:
    """Asks the root to stop (TERM); what is left of its tree after the patience is killed, each by its own pid."""
    members = tree(process.pid)
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            members = tree(process.pid) or members
            process.kill()
            process.wait()
    deadline = time.monotonic() + min(2.0, patience)
    while left := [stat for stat in members if _alive(stat)]:
        if time.monotonic() > deadline:
            for stat in left:
                try:
                    os.kill(stat.pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            break
        time.sleep(0.02)


def _alive(stat: Stat) -> bool:
    try:
        now = read_stat(stat.pid)
    except OSError:
        return False
    return not now.ended and now.started == stat.started  # else the pid is somebody else's by now
