"""What bench/faults does to the members while the load runs: a list of drills, each a function over the members and the clock.
Every drill leaves at least one member well, and all of them in the end."""

import os
import random
import signal
import socket
import subprocess
import sys
import time
from typing import Callable, List, NamedTuple, Optional, Sequence

import started

PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "drillmember.py")
# Below the ports that the system hands out by itself: a member that is down must find its port free when it comes back.
FIRST_PORT, LAST_PORT = 20000, 32000


class Member:
    def __init__(self, arrivals: str) -> None:
        self.port = unused_port()
        self._arrivals = arrivals
        self._process: Optional[subprocess.Popen] = None

    def start(self) -> None:
        self._process = subprocess.Popen([sys.executable, "-I", PROGRAM, str(self.port), self._arrivals], stdin=subprocess.PIPE)

    def kill(self) -> None:
        """SIGKILL, as the kernel's out-of-memory killer does it."""
        if self._process:
            self._process.kill()
            self._process.wait()
            if self._process.stdin:
                self._process.stdin.close()
            self._process = None

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def be(self, mood: str) -> None:
        """See drillmember.py for the moods."""
        assert self._process and self._process.stdin
        self._process.stdin.write(mood.encode() + b"\n")
        self._process.stdin.flush()

    def wait_until_well(self) -> None:
        deadline = time.monotonic() + 10
        while started.answers(self.port):
            if time.monotonic() > deadline:
                raise started.Unusable("a member does not answer")
            time.sleep(0.02)

    def _signal(self, number: int) -> None:
        assert self._process
        os.kill(self._process.pid, number)


def unused_port() -> int:
    while True:
        port = random.randrange(FIRST_PORT, LAST_PORT)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass


class Drill(NamedTuple):
    name: str
    title: str
    run: Callable[[Sequence[Member]], None]


def calm(_: Sequence[Member]) -> None:
    pass


def killed(members: Sequence[Member]) -> None:
    for turn in range(8):
        member = members[turn % len(members)]
        member.kill()
        time.sleep(0.4)
        member.start()
        time.sleep(0.3)


def taking_turns(fall_ill: Callable[[Member], None], recover: Callable[[Member], None]) -> Callable[[Sequence[Member]], None]:
    def run(members: Sequence[Member]) -> None:
        for member in members:
            fall_ill(member)
            time.sleep(1.5)
            recover(member)
            time.sleep(0.4)
    return run


def one_left(members: Sequence[Member]) -> None:
    for killed_one, frozen, _ in (members, members[1:] + members[:1], members[2:] + members[:2]):
        killed_one.kill()
        frozen.freeze()
        time.sleep(1.4)
        frozen.thaw()
        killed_one.start()
        time.sleep(0.5)


def mood(name: str) -> Callable[[Member], None]:
    return lambda member: member.be(name)


DRILLS: List[Drill] = [
    Drill("calm", "nothing happens", calm),
    Drill("killed", "a member is killed and comes back 0.4 s later, in turn, eight times", killed),
    Drill("frozen", "a member is stopped for 1.5 s, in turn", taking_turns(Member.freeze, Member.thaw)),
    Drill("refusing", "a member answers 503 for 1.5 s, in turn", taking_turns(mood("refuse"), mood("well"))),
    Drill("silent", "a member accepts and never answers for 1.5 s, in turn", taking_turns(mood("silent"), mood("well"))),
    Drill("resetting", "a member resets every fifth request for 1.5 s, in turn", taking_turns(mood("reset 20"), mood("well"))),
    Drill("one left", "one member killed and one stopped for 1.4 s, in turn", one_left),
]
