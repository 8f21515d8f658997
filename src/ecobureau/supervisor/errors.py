"""Errors of the supervisor: a message code and its parameters, turned into words only when shown."""

from __future__ import annotations


class SupervisorError(Exception):
    """Something the operator can mend. `code` is a key of `ecobureau.words.codes.supervisor.CODES`."""

    def __init__(self, code: str, /, **params: object) -> None:
        super().__init__(code, params)
        self.code = code
        self.params = params

    def say(self, lang: str | None = None) -> str:
        """The message in words. `lang`: 'zh', 'en' or that of the context."""
        from ecobureau.words import say

        return say(self.code, lang, **self.params)

    def __str__(self) -> str:
        return f"{self.code}: {self.say('en')}"


class PostgresError(SupervisorError):
    """The embedded PostgreSQL cannot be prepared, started or stopped."""


class PostgresBusy(PostgresError):
    """Another process owns the PostgreSQL of this data folder."""
