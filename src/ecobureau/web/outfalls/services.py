"""The only writers of outfalls: registering one or many, and one function a verb."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from ecobureau.clock import beijing, now
from ecobureau.domain import units
from ecobureau.domain.outfalls import over_limit
from ecobureau.domain.workflow import Refusal
from ecobureau.web.core import positions, services
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.models import History
from ecobureau.web.core.refusals import Refused, refuse
from ecobureau.web.outfalls import selectors
from ecobureau.web.outfalls.drafts import Drafter
from ecobureau.web.outfalls.models import Outfall, Result
from ecobureau.web.places.locating import division_codes
from ecobureau.web.places.problems import Invalid
from ecobureau.web.sources import codes
from ecobureau.web.sources import selectors as sources

_LOCK = 6_312_105
CHANGEABLE = ("title", "entry", "way", "size", "flow_m3d", "pollutants", "limits", "water", "function_zone")


def _lock_codes() -> None:
    """Let nobody else give codes away until we commit."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [_LOCK])


def drafter(given: Sequence[str]) -> Drafter:
    """Return the checker of new outfalls; `given`: codes that come with them. The lock lasts until commit."""
    _lock_codes()
    divisions = {*division_codes().values(), *(text[:6] for text in given)}
    return Drafter(selectors.taken(given), selectors.last_serials(divisions))


@transaction.atomic
def register(actor: Viewer, *, note: str = "", client_uuid: Any = None, firm: str = "", **fields: Any) -> Outfall:
    """Register an outfall that was found (查).

    Args:
        firm: unified social credit code of the enterprise that answers for it, where it is known.
        fields: see `drafts.Drafter.fields`.

    Raises:
        Refused: no right at that place; or bad, taken or missing data.
    """
    if client_uuid is not None:
        earlier = Outfall.objects.filter(client_uuid=client_uuid, created_by_id=actor.user_id).first()
        if earlier is not None:
            return earlier
    if firm:
        fields["firm"] = _firm(actor, firm)
    try:
        columns = drafter([str(fields.get("code") or "")]).fields(fields)
    except Invalid as error:
        problem = error.problems[0]
        refuse(Refusal(problem.code, dict(problem.params)), actor=actor.user_id, what="outfall")
    made: Outfall = services.create("outfall", actor, note=note, client_uuid=client_uuid, **columns)
    codes.issue_all("outfall", [made.pk], actor)
    return made


def register_many(actor: Viewer, rows: Sequence[Mapping[str, Any]]) -> list[Outfall]:
    """Register many outfalls whose columns are checked and complete, with their public codes; all or none.

    Raises:
        Refused: no right at the place of one of them.
    """
    made: list[Outfall] = services.create_many("outfall", actor, rows)
    codes.issue_all("outfall", [row.pk for row in made], actor)
    return made


def _firm(actor: Viewer, code: str) -> Any:
    found = sources.enterprises(actor).filter(code=code).first()
    if found is None:
        refuse(Refusal("outfall.firm.unknown", {"value": code}), actor=actor.user_id, what="outfall")
    return found


@transaction.atomic
def sample(
    record: Outfall,
    actor: Viewer,
    *,
    sampled_at: datetime,
    values: Mapping[str, Decimal],
    limits: Mapping[str, Decimal] | None = None,
    lab: str = "",
    report: str = "",
    **act: Any,
) -> History:
    """Register the results of a sample (测).

    Args:
        sampled_at: instant of sampling. values: factor code → value in the factor's unit of HJ 212.
        limits: factor code → upper limit in the same unit; a value above it makes the outfall at least orange.

    Raises:
        Refused: nothing measured, an unknown factor, a time to come, or the verb cannot be done.
    """
    known = sources.factors(values)
    strange = sorted(set(values) - set(known))
    if strange:
        refuse(Refusal("registry.factor.unknown", {"value": strange[0]}), actor=actor.user_id, what=record.number)
    if not values:
        refuse(Refusal("outfall.no_value"), actor=actor.user_id, what=record.number)
    if sampled_at > now():
        at = f"{beijing(sampled_at):%Y-%m-%d %H:%M}"
        refuse(Refusal("outfall.future", {"at": at}), actor=actor.user_id, what=record.number)
    over = {code: over_limit(float(value), most=_top(limits, code)) for code, value in values.items()}
    data = {
        "sampled_at": sampled_at.isoformat(),
        "lab": lab,
        "report": report,
        "results": [
            {"factor": code, "value": str(value), "unit": units.spelled(known[code].unit), "over": over[code]}
            for code, value in sorted(values.items())
        ],
    }
    worse = any(over.values()) and record.level in ("blue", "yellow")
    entry = services.perform(record, "sample", actor, data=data, changes={"level": "orange"} if worse else {}, **act)
    if Result.objects.filter(outfall=record, seq=entry.seq).exists():
        return entry
    Result.objects.bulk_create(
        Result(
            outfall=record,
            seq=entry.seq,
            factor_id=code,
            sampled_at=sampled_at,
            value=value,
            unit=known[code].unit,
            most=(limits or {}).get(code),
            over=over[code],
            lab=lab,
            report=report,
            by_id=actor.user_id,
            made_at=entry.at,
        )
        for code, value in sorted(values.items())
    )
    return entry


def _top(limits: Mapping[str, Decimal] | None, code: str) -> float | None:
    return float(limits[code]) if limits and code in limits else None


def trace(record: Outfall, actor: Viewer, *, firm: str = "", **given: Any) -> History:
    """Say who answers for the outfall and how that was found (溯).

    Args:
        firm: unified social credit code; given: owner_name, private_owner, contact, how, and the act.

    Raises:
        Refused: no owner named, the firm is unknown, or the verb cannot be done.
    """
    return _trace(record, "trace", actor, firm, given)


def retrace(record: Outfall, actor: Viewer, *, firm: str = "", **given: Any) -> History:
    """Correct who answers for the outfall, with a reason. See `trace`."""
    return _trace(record, "retrace", actor, firm, given)


def _trace(record: Outfall, verb: str, actor: Viewer, firm: str, given: dict[str, Any]) -> History:
    own = {name: given.pop(name, "") for name in ("owner_name", "private_owner", "contact")}
    how = given.pop("how", "")
    changes: dict[str, Any] = {name: value for name, value in own.items() if value}
    if firm:
        changes["firm"] = _firm(actor, firm)
    data = {"how": how, "firm": firm, "owner": firm or own["owner_name"] or bool(own["private_owner"])}
    return services.perform(record, verb, actor, changes=changes, data=data, **given)


def treat(record: Outfall, actor: Viewer, *, treatment: str, problem: str, treat_by: Any = None, **act: Any) -> History:
    """Begin the rectification (治): what is wrong, how it is to be mended, until when."""
    changes = {"treatment": treatment, "problem": problem, "treat_by": treat_by}
    data = {"treatment": treatment, "problem": problem, "until": treat_by}
    return services.perform(record, "treat", actor, changes=changes, data=data, **act)


def accept(record: Outfall, actor: Viewer, *, sign: bool = False, **act: Any) -> History:
    """Sign the rectification off; not by whoever handed it in."""
    changes = {"sign": sign or record.sign, "problem": "", "level": "blue"}
    return services.perform(record, "accept", actor, changes=changes, data={"sign": sign}, **act)


@transaction.atomic
def accept_removal(record: Outfall, actor: Viewer, **act: Any) -> History:
    """Sign off that the outfall is gone; its public code ends with it."""
    entry = services.perform(record, "accept_removal", actor, changes={"problem": ""}, **act)
    codes.end("outfall", record.pk, actor)
    return entry


@transaction.atomic
def grant_cancel(record: Outfall, actor: Viewer, **act: Any) -> History:
    """Agree to the cancelling; the public code ends with the outfall."""
    entry = services.perform(record, "grant_cancel", actor, **act)
    codes.end("outfall", record.pk, actor)
    return entry


@transaction.atomic
def approve_strike(record: Outfall, actor: Viewer, **act: Any) -> History:
    """Agree that it is no outfall; the public code ends with it."""
    entry = services.perform(record, "approve_strike", actor, **act)
    codes.end("outfall", record.pk, actor)
    return entry


def grant(record: Outfall, actor: Viewer, *, approval_number: str, approval_date: Any = None, **act: Any) -> History:
    """Approve or register the outfall."""
    changes = {"approval_number": approval_number, "approval_date": approval_date or selectors.today()}
    data = {"approval_number": approval_number, "approval_date": changes["approval_date"]}
    return services.perform(record, "grant", actor, changes=changes, data=data, **act)


def ask_change(record: Outfall, actor: Viewer, **given: Any) -> History:
    """Take in a change that the owner asks for: only what differs is kept, nothing is changed yet.

    Raises:
        Refused: nothing differs, or the verb cannot be done.
    """
    wanted = {name: given.pop(name) for name in CHANGEABLE if name in given}
    pending = {
        name: value for name, value in wanted.items() if value not in (None, "") and value != getattr(record, name)
    }
    if not pending:
        refuse(Refusal("outfall.no_change"), actor=actor.user_id, what=record.number)
    return services.perform(
        record, "ask_change", actor, changes={"pending": pending}, data={"pending": pending}, **given
    )


def grant_change(record: Outfall, actor: Viewer, **act: Any) -> History:
    """Agree to the change: what was asked for takes effect."""
    changes = {**record.pending, "pending": {}}
    return services.perform(record, "grant_change", actor, changes=changes, data={"change": record.pending}, **act)


def deny_change(record: Outfall, actor: Viewer, **act: Any) -> History:
    """Do not agree to the change: everything stays as it was."""
    return services.perform(record, "deny_change", actor, changes={"pending": {}}, **act)


def patrol(
    record: Outfall, actor: Viewer, *, finding: str, position: Mapping[str, Any] | None = None, **act: Any
) -> History:
    """Note what a patrol found at the outfall (管): `dry`, `usual` or `unusual`, and where the phone was."""
    data = {"finding": finding, "position": position or positions.position(None, None)}
    return services.perform(record, "patrol", actor, data=data, **act)


__all__ = [
    "Refused",
    "accept",
    "accept_removal",
    "approve_strike",
    "ask_change",
    "deny_change",
    "drafter",
    "grant",
    "grant_cancel",
    "grant_change",
    "patrol",
    "register",
    "register_many",
    "retrace",
    "sample",
    "trace",
    "treat",
]
