"""Statements of a writer sent without a cursor: prepared once, parameters in binary form already, one answer each.

A cursor looks at the text of a statement and at the type of each parameter every time. For a statement of six thousand
characters and forty arrays that took longer than the statement itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import count
from typing import Any

from psycopg import Connection, OperationalError, errors, pq

from ecobureau.storage.wire import Packed

_NAMED = re.compile(r"%\((\w+)\)s")
_numbers = count(1)
_GOOD = (pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK)
Value = Packed | bytes | None


def int8(value: int) -> bytes:
    """Return a number in the binary form of int8."""
    return value.to_bytes(8, "big", signed=True)


class Direct:
    """The writer's own way to its connection. Used by one thread at a time, never inside a pipeline."""

    def __init__(self, conn: Connection[Any]) -> None:
        self._conn = conn
        self._known: dict[str, tuple[bytes, tuple[str, ...], list[pq.Format]]] = {}

    def run(self, text: bytes) -> None:
        """Run a command without parameters."""
        self._checked(self._conn.pgconn.exec_(text))

    def call(self, statement: str, params: Mapping[str, Value]) -> list[bytes | None]:
        """Run a statement with named parameters (each with its type) and return its one row as texts.

        Raises:
            psycopg.Error: as the server says.
        """
        known = self._known.get(statement)
        if known is None:
            known = self._known[statement] = self._prepare(statement)
        name, names, formats = known
        return self._row(self._conn.pgconn.exec_prepared(name, _values(names, params), formats))

    def send(self, statement: str, params: Mapping[str, Value]) -> bool:
        """Send what `call` would, without waiting for the answer; False where the statement is not prepared yet.

        Raises:
            psycopg.OperationalError: the server does not take it. Nothing of it was done.
        """
        known = self._known.get(statement)
        if known is None:
            return False
        name, names, formats = known
        connection = self._conn.pgconn
        connection.send_query_prepared(name, _values(names, params), formats)
        if connection.flush():
            self._conn.close()
            raise OperationalError("the server does not read what it is sent")
        return True

    def answer(self) -> list[bytes | None] | None:
        """Return the row that what was sent brought, None while it is not here yet. Never waits.

        Raises:
            psycopg.Error: as the server says.
        """
        connection = self._conn.pgconn
        connection.consume_input()
        if connection.is_busy():
            return None
        result = connection.get_result()
        if result is None:
            raise OperationalError("no answer came")
        while connection.get_result() is not None:
            pass
        return self._row(result)

    def _row(self, result: pq.abc.PGresult) -> list[bytes | None]:
        self._checked(result)
        return [result.get_value(0, column) for column in range(result.nfields)] if result.ntuples else []

    def _prepare(self, statement: str) -> tuple[bytes, tuple[str, ...], list[pq.Format]]:
        names = tuple(dict.fromkeys(_NAMED.findall(statement)))
        text = _NAMED.sub(lambda match: f"${names.index(match.group(1)) + 1}", statement)
        name = b"eb_direct_%d" % next(_numbers)
        self._checked(self._conn.pgconn.prepare(name, text.encode()))
        return name, names, [pq.Format.BINARY] * len(names)

    def _checked(self, result: pq.abc.PGresult) -> pq.abc.PGresult:
        if result.status not in _GOOD:
            if self._conn.pgconn.status == pq.ConnStatus.BAD:
                raise OperationalError(result.error_message.decode("utf-8", "replace").strip() or "connection lost")
            if result.error_field(pq.DiagnosticField.SQLSTATE) == b"26000":  # somebody said DEALLOCATE ALL
                self._known.clear()
            raise errors.error_from_result(result, encoding="utf-8")
        return result


def _values(names: tuple[str, ...], params: Mapping[str, Value]) -> list[Any]:
    return [data.data if isinstance(data := params[one], Packed) else data for one in names]
