"""Files of records: taken in as a stream, hashed, checked, kept under their hash; handed out through the door."""

from __future__ import annotations

import hashlib
import os
import uuid as uuids
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import NoReturn, Protocol

from django.conf import settings
from django.db import IntegrityError, transaction

from ecobureau.clock import beijing, now
from ecobureau.domain.workflow import Refusal
from ecobureau.rulepacks import load
from ecobureau.web.core import access, audit, live, media, registry, services, stamps
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.middleware import max_upload_bytes
from ecobureau.web.core.models import Attachment, Record
from ecobureau.web.core.refusals import refuse

STAMPED = frozenset({"photo"})
"""Kinds of paper whose shared copies carry time, place, number and hash in their foot."""
VOICE = "voice"
"""The kind of paper that holds what somebody said into the phone."""
SOUNDS = frozenset({"audio/mp4", "audio/webm", "audio/ogg"})


class Upload(Protocol):
    """A file that comes in: Django's uploaded file, or anything alike."""

    name: str | None

    def chunks(self) -> Iterable[bytes]: ...


def _root() -> Path:
    return Path(settings.MEDIA_ROOT)


def path_of(sha256: str) -> Path:
    """Return where the bytes of a hash lie."""
    return _root() / sha256[:2] / sha256[2:4] / sha256


def store(
    record: Record,
    actor: Viewer,
    upload: Upload,
    *,
    paper: str,
    uuid: uuids.UUID | None = None,
    client_sha256: str = "",
    shot_at: datetime | None = None,
    lon: float | None = None,
    lat: float | None = None,
    content_type: str | None = None,
) -> Attachment:
    """Keep a file with a record.

    Args:
        upload: file with `name` and `chunks()`. paper: kind of paper, one of the kind's.
        uuid: the client's; makes the call idempotent. client_sha256: hash (hex) the phone reckoned before sending.
        shot_at: the phone's time, aware; else that of the picture. lon, lat: in degrees WGS 84; else the picture's.
        content_type: for files the program makes itself (system only); otherwise the bytes decide.

    Raises:
        Refused: no access, unknown paper, the record is closed, too large, empty, a kind of file that is not taken,
            damaged, hash differs.
    """
    kind = registry.kind_of(type(record))
    found = access.allowed(actor, "attach", record)
    if found is not None:
        _no(found, actor, record)
    if paper not in {each.kind for each in kind.papers}:
        _no(Refusal("core.paper_kind", {"paper": paper}), actor, record)
    earlier = Attachment.objects.filter(uuid=uuid).first() if uuid else None
    if earlier is not None:
        return _same(earlier, record, actor)
    if kind.flow.state(record.state).final and not actor.is_system:
        _no(Refusal("core.closed_papers", {"number": record.number}), actor, record)
    name = Path(upload.name or "").name[-200:] or "file"
    temporary, sha256, size, head = _take_in(upload, name, actor, record)
    try:
        sure = content_type if content_type and actor.is_system else media.sniff(head)
        if sure is None or sure not in media.SUFFIX:
            _no(Refusal("core.file_kind", {"name": name}), actor, record)
        if paper == VOICE:
            # Some phones record sound into a container that also takes video.
            sure = "audio/mp4" if sure == "video/mp4" else sure
            _check_voice(sure, size, name, actor, record)
        if client_sha256 and client_sha256.lower() != sha256:
            _no(Refusal("core.file_changed", {"name": name}), actor, record)
        shared_sha256, picture = "", None
        if sure in media.PICTURES:
            picture = _picture(temporary, name, actor, record)
            shown = picture.shared
            if paper in STAMPED:
                lines = _stamp(record, actor, shot_at or picture.shot_at, lon, lat, picture, sha256)
                shown = stamps.stamped(shown, lines)
            shared_sha256 = _keep_bytes(shown)
        _keep(temporary, sha256)
    finally:
        temporary.unlink(missing_ok=True)
    name_of_it = uuid or uuids.uuid4()
    try:
        with transaction.atomic():
            made = Attachment.objects.create(
                uuid=name_of_it,
                kind=kind.code,
                object_id=record.pk,
                paper=paper,
                name=name,
                content_type=sure,
                size=size,
                sha256=sha256,
                client_sha256=client_sha256.lower(),
                shared_sha256=shared_sha256,
                shared_type="image/jpeg" if shared_sha256 else "",
                shot_at=shot_at or (picture.shot_at if picture else None),
                received_at=now(),
                lon=lon if lon is not None else (picture.lon if picture else None),
                lat=lat if lat is not None else (picture.lat if picture else None),
                uploaded_by=actor.user_id,
            )
            live.record_changed(record)
    except IntegrityError:
        return _same(Attachment.objects.get(uuid=name_of_it), record, actor)
    return made


def _check_voice(content_type: str, size: int, name: str, actor: Viewer, record: Record) -> None:
    """Refuse a voice note that is no sound, or larger than `voice.most_mb` (rule pack visits)."""
    if content_type not in SOUNDS:
        _no(Refusal("core.not_sound", {"name": name}), actor, record)
    most = int(str(load("visits").at("voice.most_mb", beijing(now()).date()).value))
    if size > most << 20:
        _no(Refusal("core.too_large", {"limit": most, "size": -(-size >> 20)}), actor, record)


def _stamp(
    record: Record,
    actor: Viewer,
    shot_at: datetime | None,
    lon: float | None,
    lat: float | None,
    picture: media.Picture,
    sha256: str,
) -> list[str]:
    """Return the lines of a photo's band: time and place, whatever of it is known; number, person, hash."""
    if lon is None or lat is None:
        lon, lat = picture.lon, picture.lat
    when = f"{beijing(shot_at):%Y-%m-%d %H:%M:%S}" if shot_at else f"{beijing(now()):%Y-%m-%d %H:%M:%S} 收到"
    place = f"{lon:.5f}, {lat:.5f}" if lon is not None and lat is not None else "没有位置"
    return [f"{when}  {place}", f"{record.number}  {actor.name}", f"SHA-256 {sha256[:16]}"]


def _no(refusal: Refusal, actor: Viewer, record: Record) -> NoReturn:
    refuse(refusal, actor=actor.user_id, what=f"attach to {record.number}")


def _same(earlier: Attachment, record: Record, actor: Viewer) -> Attachment:
    if (earlier.kind, earlier.object_id, earlier.uploaded_by) != (record.KIND, record.pk, actor.user_id):
        _no(Refusal("core.uuid_taken"), actor, record)
    return earlier


def _private(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)


def _take_in(upload: Upload, name: str, actor: Viewer, record: Record) -> tuple[Path, str, int, bytes]:
    """Write the stream to a private file while hashing it; stops at the limit."""
    folder, limit = _root() / "incoming", max_upload_bytes()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path, digest, size, head = folder / uuids.uuid4().hex, hashlib.sha256(), 0, b""
    try:
        with os.fdopen(_private(path), "wb") as out:
            for chunk in upload.chunks():
                size += len(chunk)
                if size > limit:
                    _no(Refusal("core.too_large", {"limit": limit >> 20, "size": size >> 20}), actor, record)
                head = head if len(head) >= 64 else (head + chunk)[:64]
                digest.update(chunk)
                out.write(chunk)
            out.flush()
            os.fsync(out.fileno())
        if size == 0:
            _no(Refusal("core.file_empty", {"name": name}), actor, record)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path, digest.hexdigest(), size, head


def _picture(path: Path, name: str, actor: Viewer, record: Record) -> media.Picture:
    try:
        return media.read_picture(path)
    except media.Unreadable:
        _no(Refusal("core.file_damaged", {"name": name}), actor, record)


def _keep(temporary: Path, sha256: str) -> None:
    final = path_of(sha256)
    if not final.exists():
        final.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary.replace(final)


def _keep_bytes(content: bytes) -> str:
    sha256 = hashlib.sha256(content).hexdigest()
    temporary = _root() / "incoming" / uuids.uuid4().hex
    with os.fdopen(_private(temporary), "wb") as out:
        out.write(content)
    _keep(temporary, sha256)
    temporary.unlink(missing_ok=True)
    return sha256


def withdraw(attachment: Attachment, actor: Viewer, why: str) -> None:
    """Take a file out of the record's papers; the bytes stay, the history says who, when and why.

    Raises:
        Refused: no access, no reason, somebody else's file (unit heads may), or the record is closed.
    """
    kind = registry.get(attachment.kind)
    with transaction.atomic():
        record = kind.records().get(pk=attachment.object_id)
        found = access.allowed(actor, "attach", record)
        if found is None and not why.strip():
            found = Refusal("core.reason_missing", {"verb": "撤回附件"})
        if found is None and attachment.uploaded_by != actor.user_id:
            heads = access.roles_at(actor, "act", record) & {"unit_head", "leader"}
            found = None if heads else Refusal("core.no_access")
        if found is None and kind.flow.state(record.state).final:
            found = Refusal("core.closed_papers", {"number": record.number})
        if found is not None:
            _no(found, actor, record)
        attachment.withdrawn_at, attachment.withdrawn_by, attachment.withdrawn_why = now(), actor.user_id, why[:200]
        attachment.save(update_fields=["withdrawn_at", "withdrawn_by", "withdrawn_why"])
        data = {"uuid": attachment.uuid, "sha256": attachment.sha256, "why": why}
        services.amend(record, actor, {}, verb="withdraw_paper", data=data)


def open_file(viewer: Viewer, uuid: uuids.UUID, *, original: bool = False) -> tuple[Attachment, Path, str]:
    """Return a file's row, path and content type for somebody who may see its record; originals are audited.

    Raises:
        Refused: no such file, or no access.
    """
    attachment = Attachment.objects.filter(uuid=uuid).first()
    record = None
    if attachment is not None and attachment.kind in {kind.code for kind in registry.kinds()}:
        record = registry.get(attachment.kind).records().filter(pk=attachment.object_id).first()
    if attachment is None or record is None:
        refuse(Refusal("core.not_found", {"number": str(uuid)}), actor=viewer.user_id, what="file")
    found = access.allowed(viewer, "view", record)
    if found is not None:
        _no(found, viewer, record)
    if original or not attachment.shared_sha256:
        audit.write(
            viewer,
            "open_original",
            kind=attachment.kind,
            object_id=attachment.object_id,
            number=record.number,
            sha256=attachment.sha256,
        )
        return attachment, path_of(attachment.sha256), attachment.content_type
    return attachment, path_of(attachment.shared_sha256), attachment.shared_type
