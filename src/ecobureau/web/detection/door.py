"""Who may set and judge detection: one person proposes a setting, another approves; who works on a clue judges it."""

from __future__ import annotations

from ecobureau.domain.workflow import Refusal, Role
from ecobureau.web.clues.models import Clue
from ecobureau.web.core import access
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.refusals import refuse
from ecobureau.web.detection.models import SettingProposal

_CITY = 2
"""Slashes in the path of a city, as `/wuhan/`."""
_JUDGES = (Role.DUTY_OFFICER, Role.ENFORCEMENT_OFFICER, Role.UNIT_HEAD)
_SEES = (Role.ADMINISTRATOR, Role.DUTY_OFFICER, Role.UNIT_HEAD, Role.LEADER, Role.AUDITOR)


def must_set(actor: Viewer) -> None:
    """Refuse who may not set patterns.

    Raises:
        Refused: `detection.not_administrator`.
    """
    if not actor.is_system and not actor.has(Role.ADMINISTRATOR):
        refuse(Refusal("detection.not_administrator", {}), actor=actor.user_id, what="pattern")


def may_approve(actor: Viewer, proposal: SettingProposal) -> bool:
    """Say whether a person may decide on a proposal: administrators and heads of a city's unit, never its author."""
    if actor.user_id is not None and actor.user_id == proposal.proposed_by:
        return False
    city = any(grant.role == Role.UNIT_HEAD and grant.org_path.count("/") <= _CITY for grant in actor.grants)
    return actor.has(Role.ADMINISTRATOR) or city


def must_approve(actor: Viewer, proposal: SettingProposal) -> None:
    """Refuse who may not decide on a proposal.

    Raises:
        Refused: `detection.own_proposal`, `detection.not_approver`.
    """
    if may_approve(actor, proposal):
        return
    own = actor.user_id is not None and actor.user_id == proposal.proposed_by
    code = "detection.own_proposal" if own else "detection.not_approver"
    refuse(Refusal(code, {}), actor=actor.user_id, what=proposal.pattern)


def must_see(viewer: Viewer) -> None:
    """Refuse who may not look at patterns and passes.

    Raises:
        Refused: `detection.not_office`.
    """
    if not viewer.is_system and not viewer.has(*_SEES):
        refuse(Refusal("detection.not_office", {}), actor=viewer.user_id, what="patterns")


def may_judge(actor: Viewer, clue: Clue) -> bool:
    """Say whether a person may say what a clue of detection was; nothing is counted or logged."""
    return access.allowed(actor, "view", clue) is None and (actor.is_system or actor.has(*_JUDGES))


def must_judge(actor: Viewer, clue: Clue) -> None:
    """Refuse who may not say what a clue of detection was.

    Raises:
        Refused: no sight of the clue, or none of the roles that visit and judge.
    """
    refusal = access.allowed(actor, "view", clue)
    if refusal is None and not actor.is_system and not actor.has(*_JUDGES):
        refusal = Refusal("detection.not_judge", {})
    if refusal is not None:
        refuse(refusal, actor=actor.user_id, what=f"verdict {clue.number}")
