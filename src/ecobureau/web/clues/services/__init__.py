"""The only writers of clues. Findings of the program open or extend them; people triage, watch, merge and dismiss."""

from ecobureau.web.clues.services.findings import Piece, Report, add_evidence, digest, mark_ended, open_or_extend
from ecobureau.web.clues.services.verbs import (
    approve_dismissal,
    close_with_task,
    follow_reopened,
    hand_to_task,
    merge,
    propose_dismissal,
    refuse_dismissal,
    register,
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
    "approve_dismissal",
    "close_with_task",
    "digest",
    "follow_reopened",
    "hand_to_task",
    "mark_ended",
    "merge",
    "open_or_extend",
    "propose_dismissal",
    "refuse_dismissal",
    "register",
    "reopen",
    "split",
    "take_back",
    "triage",
    "watch",
]
