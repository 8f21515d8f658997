"""Whoever wants to know of frames and connections: the session book, the dialogues with devices."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ecobureau.domain.hj212 import Frame
    from ecobureau.gateway.connection import Connection
    from ecobureau.gateway.stations import Station


class Listener:
    """What the gateway tells of frames and connections to whoever wants to know. This one does nothing with it."""

    def on_frame(self, connection: Connection, station: Station, frame: Frame) -> None:
        """A good frame of a known station came in."""

    def on_login(self, connection: Connection, station: Station) -> None:
        """The first good frame of a station on this connection."""

    def on_lost(self, connection: Connection) -> None:
        """The connection is gone."""
