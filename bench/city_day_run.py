"""The simulated day under way: what is to come, who hears of it, and the way to the program by its API."""

from __future__ import annotations

import heapq
import io
import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import city_day_books as books
from city_day_city import Plan, Town
from city_day_people import People

RASTER = 15.0
"""Everything happens on a raster of so many seconds, so that things fall together."""
PLURAL = {"clue": "clues", "task": "tasks", "help": "helps", "supervision": "supervisions"}


class Counting:
    """Questions to the database and seconds by label, over all threads."""

    def __init__(self) -> None:
        self.times: Counter[str] = Counter()
        self.queries: Counter[str] = Counter()
        self.seconds: Counter[str] = Counter()
        self.lock = threading.Lock()

    @contextmanager
    def of(self, label: str) -> Iterator[None]:
        from django.db import connection

        asked = 0

        def count(execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
            nonlocal asked
            asked += 1
            return execute(sql, params, many, context)

        began = time.thread_time()
        with connection.execute_wrapper(count):
            yield
        with self.lock:
            self.times[label] += 1
            self.queries[label] += asked
            self.seconds[label] += time.thread_time() - began


class Day:
    """The day under way: what is to come, what was done, and the way to the program."""

    def __init__(self, town: Town, coming: list[Plan], clock: Any, seed: int, threads: int) -> None:
        self.town, self.clock, self.seed, self.threads = town, clock, seed, threads
        self.plans = {plan.number: plan for plan in coming}
        self.people = People(self)
        self.clients = threading.local()
        self.heap: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []
        self.order = 0
        self.lock = threading.RLock()
        self.acts: list[books.Act] = []
        self.records: dict[tuple[str, str], str] = {}
        self.state: dict[str, str] = {}
        self.seen: dict[str, dict[str, Any]] = {}
        self.numbers: dict[int, str] = {}
        self.plan_numbers: dict[str, int] = {}
        self.tasks: dict[str, tuple[str, str]] = {}
        self.claims: set[Any] = set()
        self.awake: set[int] = set()
        self.refusals: Counter[tuple[str, str]] = Counter()
        self.last_refusal: dict[tuple[int, str], str] = {}
        self.refused_last: dict[str, str] = {}
        self.again_looked = 0
        self.silent = 0
        self.answered: Counter[int] = Counter()
        self.steps: list[float] = []
        self.counting = Counting()
        self.last_notice = 0
        self.notices = 0
        self.leaders = {user for several in town.leaders for user in several}
        self.desk_people = {user for rows in (town.officers, town.dispatchers) for several in rows for user in several}
        self.heads: set[int] = set()
        self.pictures = [_picture(n) for n in range(5)]
        for plan in coming:
            self.at(plan.at, self.arrive, plan)

    # Time.

    @property
    def now(self) -> float:
        return float(self.clock.now().timestamp())

    def raster(self, seconds: float) -> float:
        return max(RASTER, round(seconds / RASTER) * RASTER)

    def at(self, when: float, call: Callable[..., None], *args: Any) -> None:
        with self.lock:
            self.order += 1
            heapq.heappush(self.heap, (when, self.order, call, args))

    def later(self, seconds: float, call: Callable[..., None], *args: Any) -> None:
        self.at(self.now + seconds, call, *args)

    def claim(self, what: Any) -> bool:
        """Say whether nobody has claimed `what` before (how colleagues in one room see each other)."""
        with self.lock:
            fresh = what not in self.claims
            self.claims.add(what)
            return fresh

    def release(self, what: Any) -> None:
        with self.lock:
            self.claims.discard(what)

    def run(self) -> None:
        """Let the day run until nothing is left to do and no clock is to fire any more."""
        from django.db import connections

        with ThreadPoolExecutor(self.threads) as pool:
            while True:
                when = self._next()
                if when is None:
                    break
                self.clock.set(datetime.fromtimestamp(when, UTC))
                self._tick(when)
                calls = []
                while self.heap and self.heap[0][0] <= when:
                    _when, _order, call, args = heapq.heappop(self.heap)
                    calls.append((call, args))
                for done in [pool.submit(call, *args) for call, args in calls]:
                    done.result()
                self._hear()
            # One in each thread: they wait for each other, so that none does it twice.
            gate = threading.Barrier(self.threads)
            for done in [pool.submit(lambda: (gate.wait(), connections.close_all())) for _each in range(self.threads)]:
                done.result()

    def _next(self) -> float | None:
        from ecobureau.web.core.models import Clock

        first = (
            Clock.objects.filter(next_at__isnull=False).order_by("next_at").values_list("next_at", flat=True).first()
        )
        fires = None if first is None else -(-first.timestamp() // RASTER) * RASTER
        comes = self.heap[0][0] if self.heap else None
        waits = [each for each in (fires, comes) if each is not None]
        return min(waits) if waits else None

    def _tick(self, when: float) -> None:
        """Do what the worker does: fire clocks (at times as if the wall clock had jumped), run what it put off."""
        from django.db import connection

        from ecobureau.web.core import clocks
        from ecobureau.web.dispatch import jobs

        self.steps.append(when)
        if len(self.steps) % 1000 == 0:
            print(f"{self.clock.now():%m-%d %H:%M} UTC, {len(self.acts)} acts", file=sys.stderr, flush=True)
        at, fired = self.clock.now(), 0
        with self.counting.of("worker: tick"):
            while found := clocks.tick(at):
                fired += found
        if len(self.steps) % 97 == 0:
            clocks.tick(at - timedelta(hours=3))
            clocks.tick(at)
        if fired:
            with connection.cursor() as cursor:
                cursor.execute(
                    "select id, args from procrastinate_jobs where status = 'todo' and task_name = %s",
                    [jobs.resume_task.name],
                )
                rows = cursor.fetchall()
                for job, args in rows:
                    pk = int(json.loads(args)["pk"])
                    before = self._versions(pk)
                    jobs.resume_task(pk=pk)
                    after = self._versions(pk)
                    if after[1] != before[1]:
                        self.note(None, "task", "resume", after[0], after[1])
                    cursor.execute("delete from procrastinate_jobs where id = %s", [job])

    @staticmethod
    def _versions(pk: int) -> tuple[str, int]:
        from ecobureau.web.dispatch.models import Task

        row = Task.objects.values_list("number", "version").get(pk=pk)
        return str(row[0]), int(row[1])

    # What people hear.

    def _hear(self) -> None:
        from ecobureau.web.core.models import Notice

        rows = Notice.objects.filter(pk__gt=self.last_notice).order_by("pk")
        for pk, user, kind, number, code, params in rows.values_list(
            "pk", "user_id", "kind", "number", "code", "params"
        ):
            self.last_notice = pk
            self.notices += 1
            hears = self.people.hears.get(code)
            if hears is not None:
                self._learn(kind, number)
                hears(user, kind, number, params)

    def _learn(self, kind: str, number: str) -> None:
        """Note a task, order or help that somebody has just been told of: its clue, level and first instant."""
        from ecobureau.web.core import registry

        row = registry.get(kind).records().get(number=number)
        self.seen[number] = {"version": row.version, "level": row.level, "owner": row.owner_person_id}
        self.state[number] = row.state
        if kind == "clue" or (kind, number) in self.records:
            return
        self.records[kind, number] = row.level
        if kind == "task":
            self.tasks[number] = (row.clue.number, row.task_kind)
        self.acts.append(books.Act(row.created_at.timestamp(), kind, number, "create", 1, row.created_by_id))

    def plan_of(self, clue: str) -> Plan:
        return self.plans[self.plan_numbers[clue]]

    def plan_of_task(self, task: str) -> Plan:
        return self.plan_of(self.tasks[task][0])

    def number_of(self, plan: int) -> str:
        return self.numbers.get(plan, "")

    def task_kind(self, task: str) -> str:
        return self.tasks[task][1]

    @staticmethod
    def checks(task: str) -> dict[str, str]:
        """Return an answer to each question of a task's checklist, as the form's fields."""
        from ecobureau.web.dispatch import checklists
        from ecobureau.web.dispatch.models import Task

        asked = checklists.of(Task.objects.get(number=task))
        return {f"check_{each.code}": each.choices[0].code for each in asked}

    def level_of(self, kind: str, number: str) -> str:
        return self.records[kind, number]

    def version_of(self, kind: str, number: str) -> int:
        return int(self.seen[number]["version"])

    def owner_of(self, task: str) -> int:
        from ecobureau.web.dispatch.models import Task

        return int(Task.objects.values_list("owner_person_id", flat=True).get(number=task) or 0)

    def is_head(self, user: int) -> bool:
        if not self.heads:
            from ecobureau.web.accounts.models import Assignment

            self.heads = set(Assignment.objects.filter(role="unit_head").values_list("user_id", flat=True))
        return user in self.heads

    # The way to the program.

    @property
    def client(self) -> Any:
        """The client of this thread: it keeps the handler, so that this is set up once and not for each act."""
        from django.test import Client

        if not hasattr(self.clients, "one"):
            self.clients.one = Client()
        return self.clients.one

    def _ask(self, key: str, method: str, path: str, label: str, **more: Any) -> tuple[int, dict[str, Any]]:
        headers = {"authorization": f"Bearer {key}", "accept-language": "zh", **more.pop("headers", {})}
        with self.counting.of(label):
            answer = getattr(self.client, method)(path, headers=headers, **more)
        body = answer.json()
        return answer.status_code, body if isinstance(body, dict) else {}

    def get(self, user: int, path: str, label: str) -> dict[str, Any]:
        status, body = self._ask(self.town.keys[user], "get", path, label)
        assert status == 200, (path, status, body)
        return body

    def _post(self, user: int, path: str, label: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        data = json.dumps({name: value for name, value in body.items() if value is not None})
        return self._ask(self.town.keys[user], "post", path, label, data=data, content_type="application/json")

    def note(self, user: int | None, kind: str, verb: str, number: str, version: int) -> None:
        with self.lock:
            self.acts.append(books.Act(self.now, kind, number, verb, version, user))

    def do(
        self, user: int, kind: str, number: str, verb: str, *, quiet: str = "", **body: Any
    ) -> dict[str, Any] | None:
        """Do a verb by the API; returns the record, None where it was refused (and counts the refusal)."""
        status, told = self._post(user, f"/api/{PLURAL[kind]}/{number}/do/{verb}/", f"{kind}: {verb}", body)
        if status == 200:
            self.note(user, kind, verb, number, int(told["version"]))
            with self.lock:
                self.state[number] = told["state"]
            return told
        assert status in (400, 403, 409, 422), (status, kind, number, verb, told)
        code = str(told.get("code") or f"form:{','.join(told)}")
        with self.lock:
            self.last_refusal[user, number] = code
            self.refused_last[number] = f"{verb} refused ({code}) at {self.clock.now():%m-%d %H:%M:%S} UTC"
            if code != quiet:
                self.refusals[f"{kind}: {verb}", code] += 1
            self.silent += not (told.get("detail") or "code" not in told)
        return None

    def again(self, user: int, kind: str, number: str, verb: str, **body: Any) -> None:
        """Send a submission a second time, as a phone does that did not hear the answer."""
        status, _told = self._post(user, f"/api/{PLURAL[kind]}/{number}/do/{verb}/", f"{kind}: {verb} (again)", body)
        assert status == 200, (number, verb, status)

    def told(self, user: int, number: str) -> str:
        return self.last_refusal.get((user, number), "")

    def last_of(self, number: str) -> str:
        """Return what was refused last about a record, in words; empty if nothing was."""
        return self.refused_last.get(number, "")

    def upload(self, user: int, kind: str, number: str, paper: str, place: int) -> None:
        from django.core.files.uploadedfile import SimpleUploadedFile

        file = SimpleUploadedFile(f"{paper}.jpg", self.pictures[place], "image/jpeg")
        path = f"/api/{PLURAL[kind]}/{number}/files/"
        data = {"file": file, "paper": paper}
        status, told = self._ask(self.town.keys[user], "post", path, f"{kind}: upload", data=data)
        assert status in (201, 403, 422), (number, status, told)

    def answer(self, user: int, reporter: int) -> None:
        body = {"way": "phone", "text": "已到现场处理，感谢举报"}
        status, told = self._post(user, f"/api/clues/answers/{reporter}", "clue: answer", body)
        with self.lock:
            if status == 200:
                self.answered[reporter] += 1
            else:
                self.refusals["clue: answer", str(told.get("code"))] += 1

    def arrive(self, plan: Plan) -> None:
        """A source reports; one in twenty-five sends the same twice."""
        key = self.town.sources[plan.source]
        for turn in range(2 if plan.twice else 1):
            status, told = self._ask(
                key,
                "post",
                "/api/clues",
                "source: report",
                data=json.dumps(plan.body()),
                content_type="application/json",
                headers={"idempotency-key": f"plan-{plan.number}"},
            )
            assert status == (200 if turn else 201), (status, told)
            if not turn:
                with self.lock:
                    self.numbers[plan.number] = told["number"]
                    self.plan_numbers[told["number"]] = plan.number
                    self.records["clue", told["number"]] = told["level"]
                    self.state[told["number"]] = "new"
                self.note(None, "clue", "create", told["number"], 1)
            else:
                assert told["number"] == self.numbers[plan.number]
        self.wake(plan.district)

    def wake(self, district: int) -> None:
        """Let the officers of a district look at their list within a minute, if they are not about to."""
        with self.lock:
            if district in self.awake:
                return
            self.awake.add(district)
        dice = self.people.dice(f"district {district}")
        for turn, officer in enumerate(self.town.officers[district]):
            self.later(self.raster(dice.uniform(15, 60)), self._look, officer, district, turn)

    def look_again(self, number: str) -> None:
        """Let the officers look once more: a clue changed under their hands, as when a repeat was folded into it."""
        with self.lock:
            self.again_looked += 1
        self.wake(self.plan_of(number).district)

    def _look(self, officer: int, district: int, turn: int) -> None:
        if turn == 0:
            with self.lock:
                self.awake.discard(district)
        self.people.look(officer)


def _picture(n: int) -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (64, 48), (40 * n, 90, 120)).save(out, "JPEG")
    return out.getvalue()
