"""Tables that every duty shares. Records of the duties themselves inherit `Record`."""

from ecobureau.web.core.models.clock import Clock, ClockFired
from ecobureau.web.core.models.history import History, HistoryPersonal
from ecobureau.web.core.models.presence import Presence
from ecobureau.web.core.models.record import Record, Series
from ecobureau.web.core.models.things import Attachment, Audit, Link, Notice, SavedView, Share

__all__ = [
    "Attachment",
    "Audit",
    "Clock",
    "ClockFired",
    "History",
    "HistoryPersonal",
    "Link",
    "Notice",
    "Presence",
    "Record",
    "SavedView",
    "Series",
    "Share",
]
