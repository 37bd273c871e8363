"""A member for bench/faults, run as a process of its own: `drillmember.py PORT ARRIVALS`. It answers every request with 200 and a
few bytes until a line on its standard input tells it otherwise:

    well     as at first
    refuse   503 to everything
    silent   it takes connections and requests and says nothing
    reset N  of 100 requests it answers N with a reset of the connection

Whatever it does then, the path of a POST that has come in whole is first a line in the file ARRIVALS.

One thread, no framework: with three of these on a small machine the server under test has to have most of it.
"""

import os
import random
import select
import socket
import struct
import sys
from typing import Dict, List, Tuple

BODY = b"Hello World"
WELL = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)
REFUSAL = b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nsick\n"
RESET = struct.pack("ii", 1, 0)  # SO_LINGER that makes close() send a reset


def whole_requests(received: bytes) -> Tuple[List[bytes], bytes]:
    """Heads of the requests that are there with their bodies, and what follows them."""
    heads: List[bytes] = []
    while True:
        head, end, rest = received.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"\r\ncontent-length:")[2].partition(b"\r\n")[0] or 0)
        if not end or len(rest) < length:
            return heads, received
        heads.append(head)
        received = rest[length:]


class Member:
    def __init__(self, port: int, arrivals: str) -> None:
        self._arrivals = os.open(arrivals, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(("127.0.0.1", port))
        self._listener.listen(512)
        self._listener.setblocking(False)
        self._poll = select.epoll()
        self._connections: Dict[int, socket.socket] = {}
        self._pending: Dict[int, bytes] = {}  # the beginning of a request
        self._ignored: Dict[int, socket.socket] = {}  # connections with requests that were met with silence
        self._mood = "well"
        self._resets = 0

    def serve(self) -> None:
        self._poll.register(self._listener.fileno(), select.EPOLLIN)
        self._poll.register(0, select.EPOLLIN)
        while True:
            for descriptor, _ in self._poll.poll():
                if descriptor == self._listener.fileno():
                    self._accept()
                elif descriptor == 0:
                    if not self._obey():
                        return
                else:
                    self._read(descriptor)

    def _accept(self) -> None:
        try:
            while True:
                connection, _ = self._listener.accept()
                connection.setblocking(False)
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._connections[connection.fileno()] = connection
                self._poll.register(connection.fileno(), select.EPOLLIN)
        except BlockingIOError:
            pass

    def _obey(self) -> bool:
        text = os.read(0, 4096).decode()
        if not text:
            return False  # whoever ran it is gone
        self._mood, *numbers = text.strip().splitlines()[-1].split()
        self._resets = int(numbers[0]) if numbers else 0
        if self._mood == "well":
            # What came in while it was silent is answered by nobody: the server behind this one has hung.
            for descriptor in list(self._ignored):
                self._drop(descriptor)
        return True

    def _read(self, descriptor: int) -> None:
        connection = self._connections[descriptor]
        try:
            received = connection.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            received = b""
        if not received:
            self._drop(descriptor)
            return
        heads, self._pending[descriptor] = whole_requests(self._pending.get(descriptor, b"") + received)
        if not heads:
            return
        posted = [head.split(b" ", 2)[1] + b"\n" for head in heads if head.startswith(b"POST ")]
        if posted:
            os.write(self._arrivals, b"".join(posted))
        if self._mood == "silent":
            self._ignored[descriptor] = connection
            return
        if self._mood == "reset" and random.randrange(100) < self._resets:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            self._drop(descriptor)
            return
        try:
            connection.send((REFUSAL if self._mood == "refuse" else WELL) * len(heads))
        except OSError:
            self._drop(descriptor)

    def _drop(self, descriptor: int) -> None:
        self._pending.pop(descriptor, None)
        self._ignored.pop(descriptor, None)
        self._connections.pop(descriptor).close()


if __name__ == "__main__":
    Member(int(sys.argv[1]), sys.argv[2]).serve()
