"""The writing process of a gateway: takes batches from the gateway over a socket and makes them durable.

It exists because two threads of one Python process cannot work at once: here packing and deflating cost the gateway's
event loop nothing. One batch at a time: read it, write it in one transaction, say what became of it. It holds nothing
but its connection to the database. When the gateway is gone (the socket ends) it ends; what it had begun is finished
or not, and is not answered in either case.
"""

from __future__ import annotations

import contextlib
import pickle
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import psycopg

from ecobureau import collector
from ecobureau.gateway.books import Books, Numbers
from ecobureau.gateway.office import CONNECT
from ecobureau.gateway.parcel import Packer, Unpacker
from ecobureau.storage.types import Arrival, Outcome
from ecobureau.storage.upkeep import packed_outcomes, unpacked_outcomes
from ecobureau.storage.writer import Writer

APPLICATION = "ecobureau-gateway-writer"
CONNECT_NOW, WRITE, DROP = b"C", b"W", b"D"
DONE, FAILED = b"+", b"-"
PATIENCE = 2.0
"""Seconds that the process gets to finish what it has begun when the gateway ends."""


class ScribeGone(OSError):
    """The writing process has ended."""


def send(sock: socket.socket, kind: bytes, data: bytes) -> None:
    """Send one message."""
    sock.sendall(b"%b%08x%b" % (kind, len(data), data))


def receive(sock: socket.socket) -> tuple[bytes, bytes]:
    """Return kind and content of the next message.

    Raises:
        ScribeGone: the other end is gone.
    """
    head = _exactly(sock, 9)
    return head[:1], _exactly(sock, int(head[1:], 16))


def _exactly(sock: socket.socket, size: int) -> bytes:
    data = sock.recv(size) if size else b""
    if len(data) == size:
        return data
    pieces = [data]
    left = size - len(data)
    while left and pieces[-1]:
        pieces.append(sock.recv(min(left, 1 << 20)))
        left -= len(pieces[-1])
    if left:
        raise ScribeGone("the other end of the writing process is gone")
    return b"".join(pieces)


# The gateway's end.


class Scribe:
    """The writing process as the gateway sees it. Used by the writer thread alone, but for `stop`."""

    quick = None

    def __init__(self, url: str, books: Books, numbers: Numbers) -> None:
        self._url = url
        self._books = books
        self._numbers = numbers
        self._process: subprocess.Popen[bytes] | None = None
        self._sock: socket.socket | None = None
        self._packer = Packer()

    @property
    def pid(self) -> int | None:
        """Of the process, if it was started."""
        return self._process.pid if self._process is not None else None

    def connect(self) -> Scribe:
        """Have the process connect to the database; start it where there is none.

        Raises:
            psycopg.Error: the database is away. OSError: the process does not start.
        """
        if self._process is None or self._process.poll() is not None or self._sock is None:
            self._start()
        self._ask(CONNECT_NOW, self._url.encode())
        return self

    def _start(self) -> None:
        self.stop()
        ours, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, "-m", "ecobureau.gateway.scribe", str(theirs.fileno())]
            self._process = subprocess.Popen(command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)
        self._sock, self._packer = ours, Packer()

    def write(self, batch: Sequence[Arrival]) -> list[Outcome]:
        """Write a batch in one transaction."""
        counts = self._books.take()
        number = self._numbers.of(batch)
        try:
            found = self._ask(WRITE, self._packer.pack(batch, counts, number))
        except BaseException:
            self._books.give_back(counts)
            raise
        return unpacked_outcomes(found)

    def close(self) -> None:
        """Have the process let go of its connection."""
        if self._sock is not None:
            with contextlib.suppress(OSError):
                self._ask(DROP, b"")

    def stop(self) -> None:
        """End the process."""
        sock, self._sock = self._sock, None
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()
        process, self._process = self._process, None
        if process is not None:
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _ask(self, kind: bytes, data: bytes) -> bytes:
        sock = self._sock
        if sock is None:
            raise ScribeGone("there is no writing process")
        try:
            send(sock, kind, data)
            answer, found = receive(sock)
        except OSError:
            self._sock = None
            sock.close()
            raise
        if answer == FAILED:
            raise pickle.loads(found)  # noqa: S301 - from our own child process
        return found


# The process itself.


class _Desk:
    """The database connection of the writing process."""

    def __init__(self) -> None:
        self._connection: psycopg.Connection[Any] | None = None
        self._writer: Writer | None = None
        self._unpacker = Unpacker()

    def connect(self, url: str) -> None:
        self.drop()
        self._connection = psycopg.connect(url, application_name=APPLICATION, **CONNECT)
        self._writer = Writer(self._connection)

    def write(self, data: bytes) -> bytes:
        batch, received, number = self._unpacker.unpack(data)
        if self._writer is None:
            raise psycopg.OperationalError("not connected")
        return packed_outcomes(self._writer.write(batch, received, number))

    def drop(self) -> None:
        connection, self._connection, self._writer = self._connection, None, None
        if connection is not None:
            connection.close()


def _parcel_of(error: Exception) -> bytes:
    try:
        data = pickle.dumps(error)
        pickle.loads(data)  # noqa: S301 - what this line has just made
    except Exception:
        return pickle.dumps(RuntimeError(f"{type(error).__name__}: {error}"))
    return data


def serve(sock: socket.socket) -> None:
    """Do what the gateway asks until it is gone."""
    desk = _Desk()
    while True:
        try:
            kind, data = receive(sock)
        except OSError:
            break
        try:
            found = b""
            if kind == CONNECT_NOW:
                desk.connect(data.decode())
            elif kind == WRITE:
                found = desk.write(data)
            else:
                desk.drop()
            answer = DONE
        except Exception as error:
            answer, found = FAILED, _parcel_of(error)
        try:
            send(sock, answer, found)
        except OSError:
            break
    desk.drop()


def main() -> None:
    """Serve on the socket whose number is the first word of the command line."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # the gateway says when: it commits what it has first
    collector.spare()
    with socket.socket(fileno=int(sys.argv[1])) as sock:
        serve(sock)


if __name__ == "__main__":
    main()
