"""What goes by itself: stops for construction noise at night, and verification once the minutes are over."""

from __future__ import annotations

import logging

from ecobureau.web.core.access import SYSTEM
from ecobureau.web.core.refusals import Refused
from ecobureau.web.remote_stop import selectors, services

log = logging.getLogger("ecobureau.remote_stop")


def watch() -> None:
    """Open what the clues ask for and verify what is due. Called every few seconds by the worker; bears any number."""
    for clue in selectors.to_open():
        try:
            services.open_stop(SYSTEM, clue=clue, automatic=True)
        except Refused as refused:
            log.info("no remote stop for %s: %s", clue.number, refused.code)
    for record in selectors.to_verify():
        try:
            services.verify_data(record, SYSTEM)
        except Refused as refused:
            log.info("%s is not verified by data: %s", record.number, refused.code)
