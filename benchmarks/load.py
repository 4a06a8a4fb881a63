"""Posts as fast as a server answers, over connections that stay open, from processes of its own."""

from __future__ import annotations

import multiprocessing
import selectors
import socket
import time
from collections import Counter
from dataclasses import dataclass


@dataclass(frozen=True)
class Load:
    """What is posted, and how hard. Each connection has one request under way at any time."""

    port: int
    path: str
    body: bytes
    seconds: float
    processes: int = 2
    connections: int = 32  # of each process

    @property
    def request(self) -> bytes:
        head = (
            f"POST {self.path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(self.body)}\r\n\r\n"
        )
        return head.encode() + self.body


@dataclass(frozen=True)
class Result:
    """How many answers of each status came, and in how many seconds."""

    answers: Counter[int]
    seconds: float

    @property
    def rate(self) -> float:
        """Accepted requests a second."""
        return self.answers[202] / self.seconds

    def __add__(self, other: Result) -> Result:
        return Result(self.answers + other.answers, self.seconds + other.seconds)


def run(load: Load) -> Result:
    """Put ``load`` on the server and return what came back; every request that was sent is waited for."""
    with multiprocessing.get_context("spawn").Pool(load.processes) as pool:
        results = pool.map(_post_until_the_end, [load] * load.processes, chunksize=1)
    return Result(sum((result.answers for result in results), Counter()), max(result.seconds for result in results))


def _post_until_the_end(load: Load) -> Result:
    request, answers = load.request, Counter[int]()
    waiting = selectors.DefaultSelector()
    for _ in range(load.connections):
        connection = socket.create_connection(("127.0.0.1", load.port), timeout=10)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        waiting.register(connection, selectors.EVENT_READ)
    begin = time.perf_counter()
    end = begin + load.seconds
    for key in list(waiting.get_map().values()):
        _connection(key).sendall(request)
    while waiting.get_map():
        for key, _ in waiting.select(timeout=10):
            connection = _connection(key)
            answers[_status(connection)] += 1
            if time.perf_counter() < end:
                connection.sendall(request)
            else:
                waiting.unregister(connection)
                connection.close()
    return Result(answers, time.perf_counter() - begin)


def _connection(key: selectors.SelectorKey) -> socket.socket:
    if not isinstance(key.fileobj, socket.socket):
        raise TypeError("Only sockets are waited for.")
    return key.fileobj


def _status(connection: socket.socket) -> int:
    """Read one whole answer and return its status. Raises ConnectionError if the server hangs up in the middle."""
    received = b""
    while True:
        part = connection.recv(65536)
        if not part:
            raise ConnectionError(f"The server hung up after {received!r}.")
        received += part
        head, separator, content = received.partition(b"\r\n\r\n")
        if separator and len(content) >= _announced(head):
            return int(head[9:12])


def _announced(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.removeprefix(b"content-length:"))
    return 0
