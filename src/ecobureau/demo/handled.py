"""What the invented city has handled in the last days: clues of citizens, sent, seen on site, closed. All invented."""

from __future__ import annotations

import io
import random
from datetime import datetime, timedelta

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from PIL import Image

from ecobureau.clock import ManualClock, use_clock
from ecobureau.demo.accounts import grid_workers
from ecobureau.demo.people import HOME
from ecobureau.domain.geo import read_shape
from ecobureau.web.accounts.models import User
from ecobureau.web.clues import services as clues
from ecobureau.web.core import attachments, people
from ecobureau.web.core.access import SYSTEM, Viewer, viewer_of
from ecobureau.web.dispatch import checklists
from ecobureau.web.dispatch import services as tasks
from ecobureau.web.dispatch.models import Task
from ecobureau.web.places.models import Area, Level

DAYS = 12
DISTRICTS = 3
MATTERS = 36
_COLOURS = ((96, 120, 104), (120, 112, 96), (88, 104, 120))
_WHAT = (
    ("K05", "雨水口旱天有水流出", "上游管网错接，已通知产权单位封堵"),
    ("K06", "楼下有刺鼻气味", "喷漆店未开净化设备，已当场开启"),
    ("K07", "工地裸土没有覆盖", "已覆盖，洒水车到场"),
    ("K08", "空地上有人烧树叶", "已扑灭，当面告知"),
    ("K11", "餐馆油烟直排", "净化器滤网堵塞，限三日清洗"),
)


@transaction.atomic
def build_handled(seed: int, now: datetime, matters: int = MATTERS) -> int:
    """Let the last days' matters be handled through the services, by the people of three districts; returns how many.

    None where any task is there already. Some took too long, some were sent back, some wait for review.

    Args:
        now: aware; the acts lie before it. matters: how many, spread over the districts in turn.
    """
    if Task.objects.exists():
        return 0
    rng = random.Random(seed + 11)
    workers = grid_workers()
    areas = Area.objects.filter(organisation__level=Level.GRID).select_related("organisation").order_by("pk")
    grids = [area for area in areas if workers.get(area.organisation.path)]
    duty = User.objects.filter(username="zhiban").first()
    if duty is None or not grids:
        return 0
    desk = viewer_of(duty)
    by_district: dict[str, list[Area]] = {}
    for area in grids:
        by_district.setdefault(area.organisation.path.split("/")[2], []).append(area)
    districts = sorted(by_district, key=lambda code: (code != HOME, code))[:DISTRICTS]
    for turn in range(matters):
        area = rng.choice(by_district[districts[turn % len(districts)]])
        path = area.organisation.path
        worker = viewer_of(workers[path][0])
        heads = people.holders("unit_head", path, now)
        head = viewer_of(User.objects.get(pk=heads[0])) if heads else None
        began = now - timedelta(hours=rng.uniform(6, 24 * DAYS))
        time = ManualClock(began)
        with use_clock(time):
            _handle(rng, time, read_shape(area.polygon).centre, path, (desk, worker, head))
    return matters


def _handle(
    rng: random.Random,
    time: ManualClock,
    point: tuple[float, float],
    grid: str,
    acting: tuple[Viewer, Viewer, Viewer | None],
) -> None:
    desk, worker, head = acting
    scenario, title, result = rng.choice(_WHAT)
    clue = clues.register(
        SYSTEM, title=title, org_path=grid, scenario=scenario, source="demo-hotline", lon=point[0], lat=point[1],
        level=rng.choice(("orange", "yellow", "yellow", "blue")),
    )  # fmt: skip
    _pass(rng, time, 2, 12)
    task = tasks.send(clue, desk, unit=grid)
    _pass(rng, time, 2, 20)
    tasks.accept(task, worker)
    _pass(rng, time, 10, 45)
    tasks.arrive(task, worker, position={"none": "unsupported"})
    _pass(rng, time, *((8, 60) if rng.random() < 0.85 else (240, 500)))
    _photo(task, worker, rng)
    answers = {question.code: question.choices[0].code for question in checklists.of(task)}
    tasks.submit(task, worker, result=result, checks=answers)
    if head is None or rng.random() < 0.12:
        return
    _pass(rng, time, 5, 90)
    if rng.random() < 0.12:
        tasks.send_back(task, head, reason="照片看不清处理结果")
        _pass(rng, time, 20, 60)
        _photo(task, worker, rng)
        tasks.submit(task, worker, result=f"{result}；已补拍", checks=answers)
        _pass(rng, time, 5, 60)
    tasks.close(task, head)


def _pass(rng: random.Random, time: ManualClock, least: int, most: int) -> None:
    """Let minutes pass."""
    time.advance(timedelta(minutes=rng.randint(least, most)))


def _photo(task: Task, worker: Viewer, rng: random.Random) -> None:
    out = io.BytesIO()
    Image.new("RGB", (320, 240), rng.choice(_COLOURS)).save(out, "JPEG")
    attachments.store(task, worker, SimpleUploadedFile("site.jpg", out.getvalue()), paper="photo")
