"""The client of bench/faults, run as a process of its own: `drillclient.py PORT CONNECTIONS SECONDS METHOD`. It sends requests,
each with a path of its own and a POST with a body, over kept connections, one at a time on each, as fast as they are answered,
and counts every failure exactly; the sums go to its standard output as JSON.

A failure is: a status other than 200, a connection refused, closed or reset before the whole answer was there, no answer within
LIMIT. An answer that says `Connection: close` is none: the next request goes over a new connection.
"""

import json
import select
import socket
import sys
import time
from typing import Dict, List

LIMIT = 15.0  # seconds
REQUESTS = {
    "GET": b"GET /%d HTTP/1.1\r\nHost: localhost\r\nUser-Agent: drill\r\n\r\n",
    "POST": b"POST /%d HTTP/1.1\r\nHost: localhost\r\nUser-Agent: drill\r\nContent-Length: 5\r\n\r\norder",
}
PAUSE = 0.02  # seconds before a connection is tried again that was refused or cut: else it would count the same outage as thousands


class Connection:
    def __init__(self) -> None:
        self.socket = socket.socket()
        self.sent_at = 0.0
        self.received = b""
        self.answered = 0


class Client:
    def __init__(self, port: int, method: str) -> None:
        self._port = port
        self._request = REQUESTS[method]
        self._poll = select.epoll()
        self._connections: Dict[int, Connection] = {}
        self._again: List[float] = []  # when to open a connection in place of one that failed
        self.requests = 0
        self.failures: Dict[str, int] = {}
        self.latencies: List[float] = []

    def run(self, connections: int, seconds: float) -> None:
        end = time.monotonic() + seconds
        for _ in range(connections):
            self._open()
        checked = time.monotonic()
        while True:
            for descriptor, _ in self._poll.poll(0.01):
                self._read(self._connections[descriptor], time.monotonic() < end)
            now = time.monotonic()
            if now >= end and not self._connections:
                return
            while self._again and self._again[0] <= now and now < end:
                self._again.pop(0)
                self._open()
            if now - checked > 0.1:
                checked = now
                for connection in [one for one in self._connections.values() if now - one.sent_at > LIMIT]:
                    self._fail(connection, "timeout")

    def _open(self) -> None:
        connection = Connection()
        try:
            connection.socket.connect(("127.0.0.1", self._port))
        except OSError:
            self.requests += 1
            self.failures["refused"] = self.failures.get("refused", 0) + 1
            connection.socket.close()
            self._again.append(time.monotonic() + PAUSE)
            return
        connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.socket.setblocking(False)
        self._connections[connection.socket.fileno()] = connection
        self._poll.register(connection.socket.fileno(), select.EPOLLIN)
        self._send(connection)

    def _send(self, connection: Connection) -> None:
        connection.sent_at = time.monotonic()
        self.requests += 1
        try:
            connection.socket.send(self._request % self.requests)
        except OSError:
            self._fail(connection, "reset")

    def _read(self, connection: Connection, more: bool) -> None:
        try:
            received = connection.socket.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            self._fail(connection, "reset")
            return
        if not received:
            self._fail(connection, "closed")
            return
        answer = connection.received = connection.received + received
        head_end = answer.find(b"\r\n\r\n")
        if head_end < 0:
            return
        head = answer[:head_end].lower()
        length = head.partition(b"\r\ncontent-length:")[2].partition(b"\r\n")[0].strip()
        whole = len(answer) - head_end - 4 >= int(length) if length else answer.endswith(b"0\r\n\r\n")
        if not whole:
            return
        self.latencies.append(time.monotonic() - connection.sent_at)
        connection.received = b""
        status = answer[9:12].decode()
        if status != "200":
            self.failures[status] = self.failures.get(status, 0) + 1
        if not more:
            self._close(connection)
        elif b"\r\nconnection: close" in head:
            self._close(connection)
            self._open()
        else:
            self._send(connection)

    def _fail(self, connection: Connection, how: str) -> None:
        self.failures[how] = self.failures.get(how, 0) + 1
        self.latencies.append(time.monotonic() - connection.sent_at)
        self._close(connection)
        self._again.append(time.monotonic() + PAUSE)

    def _close(self, connection: Connection) -> None:
        del self._connections[connection.socket.fileno()]
        connection.socket.close()


def main() -> None:
    client = Client(int(sys.argv[1]), sys.argv[4])
    client.run(int(sys.argv[2]), float(sys.argv[3]))
    latencies = sorted(client.latencies) or [float("nan")]
    print(json.dumps({
        "requests": client.requests,
        "failures": client.failures,
        "p50": latencies[len(latencies) // 2],
        "p99": latencies[min(len(latencies) - 1, len(latencies) * 99 // 100)],
        "longest": latencies[-1],
    }))


if __name__ == "__main__":
    main()
