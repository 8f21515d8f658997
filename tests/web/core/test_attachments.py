"""Files: good ones kept under their hash, bad ones refused with nothing left behind."""

import hashlib
import io
import os
from pathlib import Path
from uuid import uuid4

import pillow_heif
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from ecobureau.web.core import attachments, services
from ecobureau.web.core.access import SYSTEM
from ecobureau.web.core.models import Attachment, Audit
from ecobureau.web.core.refusals import Refused
from web.files import jpeg
from web.people import person, viewer

pytestmark = pytest.mark.django_db


@pytest.fixture
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    return settings.MEDIA_ROOT


@pytest.fixture
def officer(db, clock):
    return person("zhang", ("duty_officer", "/wuhan/"))


@pytest.fixture
def record(toy, officer, media):
    return services.create("notebook", viewer(officer), title="手记", org_path="/wuhan/", pages=1)


def kept(media: Path) -> list[Path]:
    return [path for path in media.rglob("*") if path.is_file()]


def upload(content: bytes, name: str = "a.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def test_a_photo_is_kept_hashed_placed_and_stripped(record, officer, media):
    photo = jpeg(exif=True)
    made = attachments.store(record, viewer(officer), upload(photo), paper="photo", uuid=uuid4())
    assert made.sha256 == hashlib.sha256(photo).hexdigest() and made.size == len(photo)
    original = attachments.path_of(made.sha256)
    assert original.read_bytes() == photo and (original.stat().st_mode & 0o777) == 0o600
    assert made.shot_at.isoformat() == "2026-11-23T08:59:30+08:00" and (made.lon, made.lat) == (114.3, 30.6)
    shared = attachments.path_of(made.shared_sha256).read_bytes()
    assert b"SecretPhoneMaker" in photo and b"SecretPhoneMaker" not in shared
    assert not dict(Image.open(io.BytesIO(shared)).getexif())


def test_heic_is_taken_and_shown_as_jpeg(record, officer, media):
    out = io.BytesIO()
    pillow_heif.from_pillow(Image.new("RGB", (64, 64), "teal")).save(out)
    made = attachments.store(record, viewer(officer), upload(out.getvalue(), "IMG.HEIC"), paper="photo")
    assert (made.content_type, made.shared_type) == ("image/heic", "image/jpeg")


def test_the_same_submission_twice_is_one_file(record, officer, media):
    uuid = uuid4()
    first = attachments.store(record, viewer(officer), upload(jpeg()), paper="photo", uuid=uuid)
    again = attachments.store(record, viewer(officer), upload(jpeg()), paper="photo", uuid=uuid)
    assert first.pk == again.pk and Attachment.objects.count() == 1


def test_somebody_elses_submission_id_is_refused(record, officer, media):
    uuid = uuid4()
    attachments.store(record, viewer(officer), upload(jpeg()), paper="photo", uuid=uuid)
    with pytest.raises(Refused, match=r"core\.uuid_taken"):
        attachments.store(record, SYSTEM, upload(jpeg("red")), paper="photo", uuid=uuid)


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b"", "leer.jpg", "core.file_empty"),
        (b"MZ\x90\x00" + b"\0" * 100, "virus.jpg", "core.file_kind"),
        (b"<html><script>alert(1)</script>", "seite.jpg", "core.file_kind"),
        (b"\xff\xd8\xff\xe0" + os.urandom(400), "kaputt.jpg", "core.file_damaged"),
        (jpeg(size=(800, 800))[:600], "halb.jpg", "core.file_damaged"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 64, "kaputt.png", "core.file_damaged"),
    ],
)
def test_bad_files_are_refused_and_leave_nothing(record, officer, media, content, name, code):
    with pytest.raises(Refused, match=code):
        attachments.store(record, viewer(officer), upload(content, name), paper="photo")
    assert Attachment.objects.count() == 0 and kept(media) == []


def test_a_picture_with_too_many_pixels_is_refused(record, officer, media, monkeypatch):
    monkeypatch.setattr("ecobureau.web.core.media.MAX_PIXELS", 1000)
    with pytest.raises(Refused, match=r"core\.file_damaged"):
        attachments.store(record, viewer(officer), upload(jpeg()), paper="photo")


def test_what_changed_on_the_way_is_refused(record, officer, media):
    with pytest.raises(Refused, match=r"core\.file_changed"):
        attachments.store(record, viewer(officer), upload(jpeg()), paper="photo", client_sha256="0" * 64)
    assert kept(media) == []


def test_a_stream_beyond_the_limit_stops_and_leaves_nothing(record, officer, media, monkeypatch):
    monkeypatch.setattr("ecobureau.web.core.attachments.max_upload_bytes", lambda: 1000)
    with pytest.raises(Refused, match=r"core\.too_large"):
        attachments.store(record, viewer(officer), upload(jpeg() + b"\0" * 2000), paper="photo")
    assert Attachment.objects.count() == 0 and kept(media) == []


def test_a_hundred_megabytes_are_refused_before_they_are_read(client, officer, record, media):
    client.force_login(officer)

    class Unread(io.RawIOBase):
        def read(self, *_):
            raise AssertionError("the body was read")

    answer = client.generic(
        "POST",
        f"/notebooks/{record.number}/files/",
        b"",
        content_type="multipart/form-data; boundary=x",
        CONTENT_LENGTH=str(100 * 1024 * 1024),
        **{"wsgi.input": Unread()},
    )
    assert answer.status_code == 413 and "64 MB" in answer.content.decode()
    assert kept(media) == [] and client.get(f"/notebooks/{record.number}/").status_code == 200


def test_upload_over_the_page_and_download_through_the_door(client, officer, record, media):
    client.force_login(officer)
    sent = {"file": upload(jpeg(exif=True)), "paper": "photo", "uuid": str(uuid4()), "lon": "114.25", "lat": "30.5"}
    sent["shot_at"] = "2026-11-23T08:58:00+08:00"
    answer = client.post(f"/notebooks/{record.number}/files/", sent, headers={"Accept": "application/json"})
    assert answer.status_code == 201
    file = Attachment.objects.get(uuid=answer.json()["uuid"])
    assert (file.lon, file.shot_at.isoformat()) == (114.25, "2026-11-23T00:58:00+00:00")
    shown = client.get(f"/files/{file.uuid}/")
    assert shown.status_code == 200 and shown.headers["Content-Type"] == "image/jpeg"
    assert "sandbox" in shown.headers["Content-Security-Policy"]
    b"".join(shown.streaming_content)
    assert not Audit.objects.filter(what="open_original").exists()
    b"".join(client.get(f"/files/{file.uuid}/?original=1").streaming_content)
    assert Audit.objects.get(what="open_original").actor_id == officer.pk
    client.force_login(person("fremd", ("duty_officer", "/changsha/")))
    assert client.get(f"/files/{file.uuid}/").status_code == 403


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("leer.jpg", b"", "leer.jpg 是空的"),
        ("foto.jpg", b"not a photo at all", "foto.jpg：按内容（不看扩展名）"),
    ],
)
def test_a_refused_upload_says_what_is_wrong_with_the_file(client, officer, record, media, name, data, says):
    client.force_login(officer)
    sent = {"file": upload(data, name), "paper": "photo", "uuid": str(uuid4())}
    answer = client.post(f"/notebooks/{record.number}/files/", sent, headers={"Accept": "application/json"})
    assert answer.status_code == 422 and says in answer.json()["detail"]
    assert Attachment.objects.count() == 0 and kept(media) == []


def test_papers_are_bound_into_the_chain_and_counted(record, officer, media):
    actor = viewer(officer)
    services.perform(record, "lend", actor)
    head = viewer(person("wu"), "unit_head", "/wuhan/")
    with pytest.raises(Refused, match=r"core\.papers_missing"):
        services.perform(record, "bring", head)
    made = attachments.store(record, actor, upload(jpeg()), paper="photo")
    with pytest.raises(Refused, match=r"core\.paper_unknown"):
        services.perform(record, "bring", head, papers=[uuid4()])
    entry = services.perform(record, "bring", head, papers=[made.uuid])
    made.refresh_from_db()
    assert made.sha256 in entry.body and made.in_history == entry.seq


def test_withdrawing_keeps_the_bytes_and_tells_the_history(record, officer, media):
    actor = viewer(officer)
    made = attachments.store(record, actor, upload(jpeg()), paper="photo")
    with pytest.raises(Refused, match=r"core\.reason_missing"):
        attachments.withdraw(made, actor, " ")
    with pytest.raises(Refused, match=r"core\.no_access"):
        attachments.withdraw(made, viewer(person("li"), "dispatcher", "/wuhan/"), "falsch")
    attachments.withdraw(made, actor, "拍错了")
    assert attachments.path_of(made.sha256).exists()
    record.refresh_from_db()
    assert record.version == 2
