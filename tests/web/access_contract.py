"""The access door, tested once for every kind of record: a kind inherits `AccessContract` and writes its table by hand.

    class TestClueAccess(AccessContract):
        kind = "clue"
        expected = {("duty_officer", "city"): "view act attach export create", …}

        def make(self, **place): return clues.services.open_clue(SYSTEM, title="…", **place)

The record lies in PLACE (grid included), belongs to UNIT; `where` says where the role is held. A pair that is missing
from the table may do nothing.
"""

import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from ecobureau.web.core import attachments, live, registry, selectors
from ecobureau.web.core.access import SYSTEM, allowed, scope, viewer_of
from ecobureau.web.core.models import Attachment, History
from web.files import jpeg
from web.people import person

CITY, PLACE, GRID, UNIT = "/wuhan/", "/wuhan/jiangan/", "/wuhan/jiangan/g1/", "/wuhan/enforcement/"
ROLES = (
    "duty_officer",
    "dispatcher",
    "grid_worker",
    "enforcement_officer",
    "unit_head",
    "leader",
    "auditor",
    "administrator",
)
WHERE = {
    "city": (CITY, []),
    "district": (PLACE, []),
    "other_district": ("/wuhan/qingshan/", []),
    "unit": (UNIT, []),
    "grid": ("/wuhan/jiangan/", [GRID]),
    "other_grid": ("/wuhan/qingshan/", ["/wuhan/qingshan/g7/"]),
    "name_alike": ("/wuhan/jiang/", []),
    "owner": ("/wuhan/qingshan/", []),
}
ACTIONS = ("view", "act", "attach", "export", "create")


@pytest.mark.django_db
class AccessContract:
    """Inherit, set `kind` and `expected`, write `make(**fields)`; nothing else."""

    kind: str
    expected: dict[tuple[str, str], str]

    def make(self, **fields):
        """Make a record as the program itself; `fields`: org_path, grid, owner_unit, owner_person (a user or None)."""
        raise NotImplementedError

    def _may(self, role, where):
        return frozenset(self.expected.get((role, where), "").split())

    def _each(self):
        return [(role, where) for role in ROLES for where in WHERE]

    def _covering(self):
        """Choose pairs so that each role and each place stands once for every answer that the table gives it.

        The door itself is asked for every pair (`test_the_door_follows_the_table`); what asks the door needs no more.
        """
        seen, chosen = set(), []
        for role, where in self._each():
            may = self._may(role, where)
            marks = {(role, may), (where, may)}
            if not marks <= seen:
                seen |= marks
                chosen.append((role, where))
        return chosen

    def _cases(self, settings, tmp_path, pairs):
        """Yield (role, where, user, record, may) for pairs of role and place."""
        settings.MEDIA_ROOT = tmp_path
        record = self.make(org_path=PLACE, grid=GRID, owner_unit=UNIT, owner_person=None)
        for role, where in pairs:
            place, grids = WHERE[where]
            user = person(f"{role}-{where}", (role, place, grids))
            mine = record
            if where == "owner":
                mine = self.make(org_path="/elsewhere/", grid="", owner_unit="/elsewhere/", owner_person=user)
            yield role, where, user, mine, self._may(role, where)

    def test_the_door_follows_the_table(self, settings, tmp_path):
        wrong = []
        for role, where, user, record, may in self._cases(settings, tmp_path, self._each()):
            viewer = viewer_of(user)
            for action in ACTIONS:
                one = allowed(viewer, action, record) is None
                many = scope(viewer, action, type(record).objects.filter(pk=record.pk)).exists()
                if {one, many} != {action in may}:
                    wrong.append(f"{role} at {where}: {action}: one {one}, list {many}, table {action in may}")
        assert not wrong, "\n".join(wrong)

    def _quick(self, call, *args, **kwargs):
        """Ask for JSON, so that a refusal costs no page."""
        return call(*args, **kwargs, headers={"Accept": "application/json"})

    def test_every_face_follows_the_door(self, client, settings, tmp_path):
        """Page, list, API, search, file, export and live news show it to whom the table says, and no other."""
        kind, wrong, files = registry.get(self.kind), [], {}
        for role, where, user, record, may in self._cases(settings, tmp_path, self._covering()):
            if kind.papers and record.pk not in files:
                files[record.pk] = attachments.store(
                    record, SYSTEM, SimpleUploadedFile("a.jpg", jpeg()), paper=kind.papers[0].kind, uuid=uuid.uuid4()
                )
            file = files.get(record.pk)
            client.force_login(user)
            viewer = viewer_of(user)
            base = f"/{kind.plural}/"
            faces = {
                "page": self._quick(client.get, f"{base}{record.number}/").status_code == 200,
                "chain": self._quick(client.get, f"{base}{record.number}/chain/").status_code == 200,
                "list": f"{base}{record.number}/"
                in client.get(
                    base, {"q": record.number}, headers={"HX-Target": "rows", "Accept": "application/json"}
                ).content.decode(),
                "api list": record.number in client.get(f"/api{base}", {"q": record.number}).content.decode(),
                "api": client.get(f"/api{base}{record.number}/").status_code == 200,
                "search": any(kind is found for found, _, _ in selectors.search_all(viewer, record.number)),
                "live": live.read_token(live.token(viewer, [f"record:{kind.code}:{record.pk}"])).hears(
                    f"record:{kind.code}:{record.pk}", ""
                ),
            }
            if file is not None:
                faces["file"] = self._quick(client.get, f"/files/{file.uuid}/").status_code == 200
                faces["original"] = self._quick(client.get, f"/files/{file.uuid}/?original=1").status_code == 200
            wrong += [f"{role} at {where}: {face} {got}" for face, got in faces.items() if got != ("view" in may)]
            exported = self._quick(client.post, f"{base}export.csv?q={record.number}", {"purpose": "测试"})
            body = b"".join(exported.streaming_content) if exported.streaming else b""
            if (record.number.encode() in body) != ("export" in may):
                wrong.append(f"{role} at {where}: export")
        assert not wrong, "\n".join(wrong)

    def test_a_refusal_changes_nothing(self, client, settings, tmp_path):
        kind = registry.get(self.kind)
        for role, where, user, record, may in self._cases(settings, tmp_path, self._covering()):
            if "act" in may:
                continue
            client.force_login(user)
            before = (record.version, record.state, History.objects.count(), Attachment.objects.count())
            # Who may not see it is stopped before any verb is looked at: one verb, another for each of them, is enough.
            verbs = kind.flow.verbs()
            for verb in verbs if "view" in may else [verbs[user.pk % len(verbs)]]:
                form = {"version": record.version}
                answer = self._quick(client.post, f"/{kind.plural}/{record.number}/do/{verb}/", form)
                assert answer.status_code in (403, 422), (role, where, verb, answer.status_code)
                answer = client.post(f"/api/{kind.plural}/{record.number}/do/{verb}/", form)
                assert answer.status_code in (400, 403, 422), (role, where, verb, answer.status_code)
            if "attach" not in may:
                file = {"file": SimpleUploadedFile("a.jpg", jpeg()), "paper": "photo"}
                answer = self._quick(client.post, f"/{kind.plural}/{record.number}/files/", file)
                assert answer.status_code in (403, 422)
            record.refresh_from_db()
            assert before == (record.version, record.state, History.objects.count(), Attachment.objects.count())

    def test_a_share_opens_it_and_ends(self, settings, tmp_path):
        from ecobureau.web.core import services

        settings.MEDIA_ROOT = tmp_path
        record = self.make(org_path=PLACE, grid=GRID, owner_unit=UNIT, owner_person=None)
        viewer = viewer_of(person("guest", ("duty_officer", "/wuhan/qingshan/")))
        assert allowed(viewer, "view", record) is not None
        given = services.share(record, SYSTEM, user_id=viewer.user_id, why="联合处置")
        assert allowed(viewer, "view", record) is None and allowed(viewer, "act", record) is not None
        assert scope(viewer, "view", type(record).objects.all()).filter(pk=record.pk).exists()
        services.unshare(record, SYSTEM, given)
        assert allowed(viewer, "view", record) is not None
        assert not scope(viewer, "view", type(record).objects.all()).filter(pk=record.pk).exists()
