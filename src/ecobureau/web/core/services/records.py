"""The only writers of records. Apps wrap `create` and `perform` in functions named after their verbs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from ecobureau.clock import beijing, now
from ecobureau.domain.workflow import Context, Refusal, Transition
from ecobureau.domain.workflow import refusal as flow_refusal
from ecobureau.web.core import access, clocks, history, live, registry
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.models import Attachment, History, Record
from ecobureau.web.core.refusals import refuse
from ecobureau.web.core.registry import Kind

_KERNEL_FIELDS = frozenset(
    {"id", "number", "state", "version", "created_at", "created_by", "created_by_id", "updated_at", "closed_at"}
    | {"client_uuid", "search"}
)


def next_number(prefix: str, day: date) -> str:
    """Return the next number of a series, for example XS-20261122-0001. Others of the series wait for our commit."""
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into core_series (prefix, day, last) values (%s, %s, 1) "
            "on conflict (prefix, day) do update set last = core_series.last + 1 returning last",
            [prefix, day],
        )
        (last,) = cursor.fetchone()
    return f"{prefix}-{day:%Y%m%d}-{last:04d}"


@transaction.atomic
def create(
    code: str,
    /,
    actor: Viewer,
    *,
    note: str = "",
    data: Mapping[str, Any] | None = None,
    personal: Mapping[str, str] | None = None,
    client_uuid: UUID | None = None,
    at_device: datetime | None = None,
    **fields: Any,
) -> Any:
    """Make a record in its initial state, with its number, clocks and first history entry.

    Args:
        code: kind of record; fields: its columns (title, level, org_path, …).
        note, personal: personal words, kept outside the hashed text; data: facts inside it.
        client_uuid: makes the call idempotent: the record that was made with it before is returned.

    Raises:
        Refused: the actor may not make one there.
    """
    kind = registry.get(code)
    if client_uuid is not None:
        earlier = kind.records().filter(client_uuid=client_uuid).first()
        if earlier is not None:
            if earlier.created_by_id != actor.user_id:
                refuse(Refusal("core.uuid_taken"), actor=actor.user_id, what=code)
            return earlier
    at = now()
    record = kind.model(
        **{**fields, "state": kind.flow.initial, "client_uuid": client_uuid, "created_by_id": actor.user_id},
        version=1,
        created_at=at,
        updated_at=at,
    )
    record.org_path = as_path(record.org_path)
    found = access.allowed(actor, "create", record)
    if found is not None:
        refuse(found, actor=actor.user_id, what=code)
    record.number = next_number(kind.prefix, beijing(at).date())
    record.search = record.search_words()
    record.save(force_insert=True)
    started = clocks.begin(record, kind.flow, at)
    plain = {name: getattr(value, "pk", value) for name, value in fields.items()}
    act = history.Act(
        verb="create",
        from_state="",
        to_state=record.state,
        actor_id=actor.user_id,
        at=at,
        at_device=at_device,
        client_uuid=client_uuid,
        data=data,
        changes={name: value for name, value in plain.items() if name not in record.PERSONAL},
        clocks=started,
        personal={**(personal or {}), **_personal(record, plain), "note": note},
    )
    history.append(kind.code, record.pk, record.number, act)
    live.record_changed(record)
    return record


def as_path(text: str) -> str:
    """Return a place's path with a slash at both ends."""
    return f"/{text.strip('/')}/" if text.strip("/") else "/"


def _personal(record: Record, names: Iterable[str]) -> dict[str, str]:
    """Return the present text of those columns that are personal: it goes beside the hashed text, not into it."""
    return {name: str(getattr(record, name)) for name in names if name in record.PERSONAL}


def context_of(
    record: Record,
    actor: Viewer,
    *,
    at: datetime,
    reason: str | None = None,
    note: str = "",
    data: Mapping[str, Any] | None = None,
) -> Context:
    """Return what a transition may look at for this record and actor."""
    done: dict[str, set[int]] = {}
    acts = History.objects.filter(kind=record.KIND, object_id=record.pk, actor_id__isnull=False)
    for verb, who in acts.values_list("verb", "actor_id").distinct():
        done.setdefault(verb, set()).add(int(who))  # type: ignore[arg-type]
    papers: dict[str, int] = {}
    there = Attachment.objects.filter(kind=record.KIND, object_id=record.pk, withdrawn_at__isnull=True)
    for paper in there.values_list("paper", flat=True):
        papers[paper] = papers.get(paper, 0) + 1
    return Context(
        actor=actor.user_id,
        roles=access.roles_at(actor, "act", record),
        level=record.level,
        now=at,
        done_by={verb: frozenset(who) for verb, who in done.items()},
        reason=reason or None,
        note=note,
        data=dict(data or {}),
        facts=record.facts(),
        papers=papers,
    )


@transaction.atomic
def perform(
    record: Record,
    verb: str,
    actor: Viewer,
    *,
    reason: str | None = None,
    note: str = "",
    data: Mapping[str, Any] | None = None,
    personal: Mapping[str, str] | None = None,
    changes: Mapping[str, Any] | None = None,
    papers: Iterable[UUID | str] = (),
    client_uuid: UUID | None = None,
    expect_version: int | None = None,
    at_device: datetime | None = None,
) -> History:
    """Do a verb of the record's flow, whole or not at all; `record` is brought up to date.

    Args:
        reason: code from the closed list, or text where the list is open. note, personal: personal words.
        data: facts of the act, hashed. changes: columns of the record that change with it.
        papers: attachments that the actor counts on; every one not yet in the history is bound into this entry.
        client_uuid: makes the call idempotent: the entry it made before is returned.
        expect_version: the version the actor saw; default: that of `record` as it was read.
        at_device: the phone's time; kept beside the server's.

    Raises:
        Refused: `core.changed_meanwhile` if somebody else was first, otherwise what the flow or the door says.
    """
    kind = registry.kind_of(type(record))
    locked = kind.model._base_manager.select_for_update(no_key=True).get(pk=record.pk)
    what = f"{kind.code} {locked.number} {verb}"
    if client_uuid is not None:
        earlier = History.objects.filter(kind=kind.code, object_id=record.pk, client_uuid=client_uuid).first()
        if earlier is not None:
            if earlier.actor_id != actor.user_id or earlier.verb != verb:
                refuse(Refusal("core.uuid_taken"), actor=actor.user_id, what=what)
            _refresh(record, locked)
            return earlier
    found = access.allowed(actor, "act", locked)
    if found is not None:
        refuse(found, actor=actor.user_id, what=what)
    seen = record.version if expect_version is None else expect_version
    if seen != locked.version:
        refuse(Refusal("core.changed_meanwhile", {"number": locked.number}), actor=actor.user_id, what=what)
    at = now()
    context = context_of(locked, actor, at=at, reason=reason, note=note, data=data)
    found = _unknown_papers(locked, papers) or flow_refusal(kind.flow, locked.state, verb, context)
    if found is not None:
        refuse(found, actor=actor.user_id, what=what)
    move = kind.flow.transition(locked.state, verb)
    assert move is not None
    entry = _carry_out(kind, locked, move, actor, at, context, changes, personal, client_uuid, at_device)
    _refresh(record, locked)
    return entry


def _carry_out(
    kind: Kind,
    record: Record,
    move: Transition,
    actor: Viewer,
    at: datetime,
    context: Context,
    changes: Mapping[str, Any] | None,
    personal: Mapping[str, str] | None,
    client_uuid: UUID | None,
    at_device: datetime | None,
) -> History:
    before, level = record.state, record.level
    changed = _change(record, changes)
    if move.target is not None:
        record.state = move.target
        final = kind.flow.state(move.target).final
        record.closed_at = (record.closed_at or at) if final else None
    record.version += 1
    record.updated_at = at
    record.search = record.search_words()
    record.save(force_update=True)
    run = clocks.apply(record, kind.flow, move, at, context.reason or "", relevelled=record.level != level)
    entry = history.append(
        kind.code,
        record.pk,
        record.number,
        history.Act(
            verb=move.verb,
            from_state=before,
            to_state=record.state,
            actor_id=actor.user_id,
            at=at,
            reason=context.reason or "",
            at_device=at_device,
            client_uuid=client_uuid,
            data=context.data,
            changes={name: value for name, value in changed.items() if name not in record.PERSONAL},
            papers=_bind_papers(record),
            clocks=run,
            personal={**(personal or {}), **_personal(record, changed), "note": context.note},
        ),
    )
    live.record_changed(record)
    return entry


def _change(record: Record, changes: Mapping[str, Any] | None) -> dict[str, Any]:
    """Set columns and return {name: [before, after]} of those that really changed."""
    fields = {field.name: field for field in record._meta.concrete_fields}
    done: dict[str, Any] = {}
    for name, value in (changes or {}).items():
        plain_name = name.removesuffix("_id") if name.removesuffix("_id") in fields else name
        if name in _KERNEL_FIELDS or plain_name not in fields:
            raise ValueError(f"{type(record).__name__}.{name} is not for a verb to change")
        column = fields[plain_name].attname
        before = getattr(record, column)
        setattr(record, name, value)
        if getattr(record, column) != before:
            done[plain_name] = [before, getattr(record, column)]
    return done


def _unknown_papers(record: Record, papers: Iterable[UUID | str]) -> Refusal | None:
    wanted = {str(paper) for paper in papers}
    if not wanted:
        return None
    there = Attachment.objects.filter(kind=record.KIND, object_id=record.pk, withdrawn_at__isnull=True, uuid__in=wanted)
    missing = wanted - {str(uuid) for uuid in there.values_list("uuid", flat=True)}
    return Refusal("core.paper_unknown", {"count": len(missing)}) if missing else None


def _bind_papers(record: Record) -> tuple[Mapping[str, Any], ...]:
    fresh = Attachment.objects.filter(kind=record.KIND, object_id=record.pk, in_history__isnull=True)
    rows = list(fresh.order_by("pk"))
    bound = tuple(
        {
            "uuid": each.uuid,
            "paper": each.paper,
            "sha256": each.sha256,
            "size": each.size,
            "shot_at": each.shot_at,
            "received_at": each.received_at,
            "lon": each.lon,
            "lat": each.lat,
            "by": each.uploaded_by,
            "withdrawn": each.withdrawn_at is not None,
        }
        for each in rows
    )
    if rows:
        fresh.filter(pk__in=[each.pk for each in rows]).update(in_history=record.version)
    return bound


def done_with(record: Record, client_uuid: UUID | str | None) -> History | None:
    """Return the entry that a submission of that id has already made on the record, None if it has not."""
    try:
        wanted = UUID(str(client_uuid))
    except ValueError:
        return None
    return History.objects.filter(kind=record.KIND, object_id=record.pk, client_uuid=wanted).first()


def _refresh(record: Record, locked: Record) -> None:
    for field in record._meta.concrete_fields:
        setattr(record, field.attname, getattr(locked, field.attname))


def amend(
    record: Record,
    actor: Viewer,
    changes: Mapping[str, Any],
    *,
    verb: str = "amend",
    note: str = "",
    data: Mapping[str, Any] | None = None,
    expect_version: int | None = None,
) -> History | None:
    """Change columns without a transition (a clue that grows, a corrected title); written into the history like a verb.

    Returns the entry, or None where nothing really changed and there is neither note nor data.

    Raises:
        Refused: no access, or somebody else was first.
    """
    with transaction.atomic():
        kind = registry.kind_of(type(record))
        locked = kind.model._base_manager.select_for_update(no_key=True).get(pk=record.pk)
        found = access.allowed(actor, "act", locked)
        if found is None and (record.version if expect_version is None else expect_version) != locked.version:
            found = Refusal("core.changed_meanwhile", {"number": locked.number})
        if found is not None:
            refuse(found, actor=actor.user_id, what=f"{kind.code} {locked.number} {verb}")
        at, level = now(), locked.level
        changed = _change(locked, changes)
        if not changed and not note and not data:
            return None
        locked.version += 1
        locked.updated_at = at
        locked.search = locked.search_words()
        locked.save(force_update=True)
        stay = Transition(verb=verb, name=verb, sources=(locked.state,), target=None, roles=())
        run = clocks.apply(locked, kind.flow, stay, at, "", relevelled=locked.level != level)
        act = history.Act(
            verb=verb,
            from_state=locked.state,
            to_state=locked.state,
            actor_id=actor.user_id,
            at=at,
            data=data,
            changes={name: value for name, value in changed.items() if name not in locked.PERSONAL},
            papers=_bind_papers(locked),
            clocks=run,
            personal={**_personal(locked, changed), "note": note},
        )
        entry = history.append(kind.code, locked.pk, locked.number, act)
        live.record_changed(locked)
        _refresh(record, locked)
        return entry
