"""Empty the database after a test that committed: only what was written, and never what the migrations put there.

Django's own flush truncates every table and makes all content types and permissions anew: a quarter of a second.
"""

from __future__ import annotations

from typing import Any

_TABLES = """
    select format('%I', c.relname), c.oid in (
        select tgrelid from pg_trigger where not tgisinternal and tgtype & 8 > 0
        union all
        select confrelid from pg_constraint where contype = 'f' and not condeferrable and confrelid <> conrelid
    )
    from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
    order by 1
"""


class Flush:
    """Made on a fresh clone of the template, whose rows stay; called after each test that committed."""

    def __init__(self) -> None:
        with self._cursor() as cursor:
            self.kept = {name: self._seed(cursor, name) for name in self._filled(cursor, self._tables(cursor))}

    def __call__(self) -> None:
        """Empty what was written.

        Raises:
            RuntimeError: a test removed or changed rows that the migrations had put there.
        """
        from django.db import transaction

        with transaction.atomic(), self._cursor() as cursor:
            tables = self._tables(cursor)  # a test may have brought its own
            filled = self._filled(cursor, {name: how for name, how in tables.items() if name not in self.kept})
            guarded = [name for name in filled if tables[name]]
            if guarded:  # they refuse DELETE, at least in this order
                cursor.execute(f"truncate {', '.join(guarded)} cascade")
            cursor.execute("set constraints all deferred")
            for name in filled:
                if name not in guarded:
                    cursor.execute(f"delete from {name}")
            for name, seed in self.kept.items():
                cursor.execute(f"delete from {name} t where md5(t::text) <> all(%s)", [seed])
                if len(self._seed(cursor, name)) != len(seed):
                    raise RuntimeError(
                        f"a test that committed took or changed rows that the migrations put into {name}"
                    )

    @staticmethod
    def _cursor() -> Any:
        from django.db import connection

        return connection.cursor()

    @staticmethod
    def _tables(cursor: Any) -> dict[str, bool]:
        """Name every table and whether its rows resist deletion: a trigger watches, or a strict key points at it."""
        cursor.execute(_TABLES)
        return dict(cursor.fetchall())

    @staticmethod
    def _filled(cursor: Any, tables: dict[str, bool]) -> list[str]:
        cursor.execute(" union all ".join(f"select '{name}' where exists (select from {name})" for name in tables))
        return [name for (name,) in cursor.fetchall()]

    @staticmethod
    def _seed(cursor: Any, name: str) -> list[str]:
        cursor.execute(f"select md5(t::text) from {name} t")
        return [digest for (digest,) in cursor.fetchall()]
