"""The only writers of clues. Findings of the program open or extend them; people triage, watch, merge and dismiss."""

from ecobureau.web.clues.services.answers import answer, unmask
from ecobureau.web.clues.services.findings import Piece, Report, add_evidence, digest, mark_ended, open_or_extend
from ecobureau.web.clues.services.pool import add_reporter, change_source, make_source, own_source, receive
from ecobureau.web.clues.services.risks import rescore_open
from ecobureau.web.clues.services.rule_changes import decide_change, propose_change
from ecobureau.web.clues.services.sensitive import close_place, put_place
from ecobureau.web.clues.services.verbs import (
    approve_dismissal,
    close_with_task,
    follow_reopened,
    hand_to_task,
    merge,
    propose_dismissal,
    refuse_dismissal,
    register,
    register_report,
    reopen,
    split,
    take_back,
    triage,
    watch,
)

__all__ = [
    "Piece",
    "Report",
    "add_evidence",
    "add_reporter",
    "answer",
    "approve_dismissal",
    "change_source",
    "close_place",
    "close_with_task",
    "decide_change",
    "digest",
    "follow_reopened",
    "hand_to_task",
    "make_source",
    "mark_ended",
    "merge",
    "open_or_extend",
    "own_source",
    "propose_change",
    "propose_dismissal",
    "put_place",
    "receive",
    "refuse_dismissal",
    "register",
    "register_report",
    "reopen",
    "rescore_open",
    "split",
    "take_back",
    "triage",
    "unmask",
    "watch",
]
