"""The whole way of a matter and of an account, and what stops it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from ecobureau.web.core import clocks, history
from ecobureau.web.core import services as kernel
from ecobureau.web.core.models import Attachment, Clock, History, Notice
from ecobureau.web.core.refusals import Refused
from ecobureau.web.rectification import selectors, services
from ecobureau.web.rectification.models import Rectification


def _refused(code: str, call: Any, *words: Any, **named: Any) -> None:
    before = History.objects.count()
    with pytest.raises(Refused) as caught:
        call(*words, **named)
    assert caught.value.code == code
    assert History.objects.count() == before


def _to_accepted(record: Any, who: Any, paper: Any) -> None:
    water, housing = who("water"), who("housing")
    paper(record, water, "plan")
    services.submit_plan(record, water)
    kernel.perform(record, "approve_plan", who("leader"))
    services.report(record, water, progress=100)
    paper(record, water, "proof")
    services.self_check(record, water)
    paper(record, housing, "acceptance")
    services.accept(record, housing)


def test_from_feedback_to_consolidated(entered: Any, who: Any, paper: Any, clock: Any) -> None:
    water, housing, leader = who("water"), who("housing"), who("leader")
    _refused("core.papers_missing", services.submit_plan, entered, water)
    paper(entered, water, "plan")
    _refused("rectification.not_owner", services.submit_plan, entered, who("office"))
    services.submit_plan(entered, water)
    kernel.perform(entered, "approve_plan", leader)
    services.report(entered, water, progress=60)
    paper(entered, water, "proof")
    _refused("rectification.not_done", services.self_check, entered, water)
    services.report(entered, water, progress=100)
    services.self_check(entered, water)
    paper(entered, housing, "acceptance")
    _refused("rectification.not_acceptor", services.accept, entered, who("checker"))
    services.accept(entered, housing)
    paper(entered, who("checker"), "photo")
    _refused("core.four_eyes", kernel.perform, entered, "verify", housing)
    kernel.perform(entered, "verify", who("checker"))
    paper(entered, who("office"), "notice")
    services.publicise(entered, who("office"))
    # Seven working days after Monday the 23rd end with Wednesday the 2nd.
    assert entered.publicity_until.isoformat() == "2026-12-02T16:00:00+00:00"
    _refused("rectification.publicity_runs", kernel.perform, entered, "apply", water)
    clock.advance(timedelta(days=10))
    kernel.perform(entered, "apply", water)
    kernel.perform(entered, "close", leader)
    assert entered.closed_at is not None
    kernel.perform(entered, "look_back", who("checker"))
    _refused("core.papers_missing", kernel.perform, entered, "consolidate", leader)
    paper(entered, who("checker"), "look_back")
    kernel.perform(entered, "consolidate", leader)
    assert entered.state == "consolidated"
    assert history.verify_chain("rectification", entered.pk, entered.version).ok
    assert not Clock.objects.filter(stopped_at__isnull=True).exists()


def test_what_comes_back_is_opened_again_with_a_new_limit(entered: Any, who: Any, paper: Any, clock: Any) -> None:
    _to_accepted(entered, who, paper)
    paper(entered, who("checker"), "photo")
    kernel.perform(entered, "verify", who("checker"))
    paper(entered, who("office"), "notice")
    services.publicise(entered, who("office"))
    clock.advance(timedelta(days=10))
    kernel.perform(entered, "apply", who("water"))
    kernel.perform(entered, "close", who("leader"))
    kernel.perform(entered, "look_back", who("checker"))
    paper(entered, who("checker"), "look_back")
    past = date(2026, 12, 1)
    _refused("rectification.due_past", services.rebound, entered, who("leader"), due_on=past, reason="又直排")
    services.rebound(entered, who("leader"), due_on=date(2027, 6, 30), reason="又直排")
    assert (entered.state, entered.progress, entered.rebounds, entered.closed_at) == ("rectifying", 0, 1, None)
    running = Clock.objects.get(code="rectify", stopped_at__isnull=True)
    assert running.due_at.isoformat() == "2027-06-30T16:00:00+00:00"
    assert Notice.objects.filter(code="rectification.notice.rebound").count() == 1


def test_its_own_day_is_its_limit_and_warns_once(entered: Any, clock: Any) -> None:
    running = Clock.objects.get(kind="rectification", code="rectify")
    assert running.due_at.isoformat() == "2027-03-31T16:00:00+00:00"
    assert running.rule == "record:due_on"
    clock.set(running.due_at + timedelta(minutes=1))
    assert clocks.tick(running.due_at + timedelta(minutes=1)) == 2  # 80 % and 100 %
    assert clocks.tick(running.due_at + timedelta(minutes=2)) == 0


def test_a_matter_needs_two_units_and_a_limit_ahead(who: Any, entered: Any) -> None:
    fields = {
        "title": "二", "org_path": "/wuhan/jiangan/", "demand": "x", "key_steps": "y",
        "feedback_on": date(2026, 11, 20), "due_on": date(2027, 1, 1),
    }  # fmt: skip
    water, housing = entered.owner_unit, entered.accepting_unit
    for code, changed in (
        ("rectification.same_unit", {"owner_unit": water, "accepting_unit": water}),
        ("rectification.no_unit", {"owner_unit": "/nowhere/", "accepting_unit": housing}),
        ("rectification.due_before", {"owner_unit": water, "accepting_unit": housing, "due_on": date(2026, 11, 20)}),
    ):
        _refused(code, services.enter, who("office"), **(fields | changed))
    assert Rectification.objects.count() == 1


def test_the_letter_is_kept_with_the_record(entered: Any, who: Any) -> None:
    from pypdfium2 import PdfDocument

    from ecobureau.web.core.attachments import path_of

    services.urge(entered, who("office"), reason="两个月没有进展，请于一周内报送方案")
    (letter,) = Attachment.objects.filter(paper="letter")
    words = PdfDocument(path_of(letter.sha256).read_bytes())[0].get_textpage().get_text_range()
    plain = "".join(words.split())
    assert "两个月没有进展" in plain
    assert "江岸水务" in plain
    assert "2027年3月31日前完成" in plain
    assert entered.state == "feedback"


def test_an_account_hangs_until_there_is_proof(entered: Any, who: Any, paper: Any) -> None:
    made = services.hang(
        who("office"), title="府河支流直排", level="red", org_path="/wuhan/jiangan/", owner_unit=entered.owner_unit,
        demand="拿出证据", leader="张局长", hung_on=date(2026, 11, 20), due_on=date(2026, 12, 20),
        subject=entered.number,
    )  # fmt: skip
    water = who("water")
    _refused("core.papers_missing", services.prove, made, water, answer="已接管")
    paper(made, water, "proof")
    services.prove(made, water, answer="已接管")
    _refused("core.four_eyes", services.refuse_proof, made, water, reason="x")
    services.refuse_proof(made, who("checker"), reason="照片看不出位置")
    assert (made.state, made.refusals) == ("hung", 1)
    services.prove(made, water, answer="补充了定位照片")
    paper(made, who("checker"), "photo")
    kernel.perform(made, "verify", who("checker"))
    kernel.perform(made, "clear", who("leader"))
    assert made.state == "cleared"
    with pytest.raises(Refused) as caught:
        services.hang(
            who("office"), title="x", org_path="/wuhan/", owner_unit=entered.owner_unit, demand="x",
            hung_on=date(2026, 11, 20), due_on=date(2026, 12, 20), subject="XS-20200101-0001",
        )  # fmt: skip
    assert caught.value.code == "rectification.no_record"


def test_the_months_sheet_is_one_on_page_pdf_and_workbook(entered: Any, who: Any, client: Any, clock: Any) -> None:
    from io import BytesIO

    from openpyxl import load_workbook

    from ecobureau.web.accounts.models import User

    clock.advance(timedelta(days=60))
    sheet = selectors.month(who("leader"), date(2027, 1, 1))
    assert [(one.number, how.colour.value) for one, how in sheet.rows] == [(entered.number, "red")]
    assert selectors.month(who("other"), date(2027, 1, 1)).rows == []
    client.force_login(User.objects.get(username="leader"))
    page = client.get("/rectifications/month/?month=2027-01")
    assert entered.number in page.content.decode()
    assert client.post("/rectifications/month.xlsx", {"month": "2027-01", "purpose": ""}).status_code == 422
    taken = client.post("/rectifications/month.xlsx", {"month": "2027-01", "purpose": "局务会"})
    book = load_workbook(BytesIO(taken.content))
    assert any(entered.number == cell.value for page in book for row in page.iter_rows() for cell in row)
    assert client.post("/rectifications/month.pdf", {"month": "2027-01", "purpose": "局务会"}).content[:4] == b"%PDF"
    client.force_login(User.objects.get(username="other"))
    assert entered.number not in client.get("/rectifications/month/?month=2027-01").content.decode()
