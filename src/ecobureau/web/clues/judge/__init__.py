"""The running judge: takes what changed in the store, asks `domain.judging`, opens and extends clues."""

from ecobureau.web.clues.judge.run import drain, judge_waiting
from ecobureau.web.clues.judge.tick import tick

__all__ = ["drain", "judge_waiting", "tick"]
