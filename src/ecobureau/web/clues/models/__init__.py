"""The tables of the clue pool."""

from ecobureau.web.clues.models.clue import Clue, Evidence, reopening
from ecobureau.web.clues.models.judge import JudgeFault, RuleState
from ecobureau.web.clues.models.pool import ClueIntake, ClueSource, Reporter, RiskScore
from ecobureau.web.clues.models.rules import RuleChange
from ecobureau.web.clues.models.sensitive import SensitivePlace

__all__ = [
    "Clue",
    "ClueIntake",
    "ClueSource",
    "Evidence",
    "JudgeFault",
    "Reporter",
    "RiskScore",
    "RuleChange",
    "RuleState",
    "SensitivePlace",
    "reopening",
]
