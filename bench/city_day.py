"""A day of a city: 3,000 clues of 11 kinds, 7 sub-centres, 200 grids, 600 people who answer by the API.

    python bench/city_day.py                      the whole day, on a database of its own
    python bench/city_day.py --clues 300          a smaller one

Time is the clock service's: it jumps from one thing that happens to the next, nothing sleeps. People hear of their work
by notices and lists, take human time, and act over HTTP with their own API keys; what falls on one instant runs in
several threads. After the day the work goes on until everything is done, over the holiday week that follows. Then the
books are checked: nothing lost, nothing handled twice, every reporter answered, every clock as `city_day_books` reckons
it anew. Prints a table; exit code 1 if anything differs.
"""

from __future__ import annotations

import argparse
import heapq
import io
import json
import logging
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import city_day_books as books
from city_day_city import START, Plan, Size, Town, build, plans
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
        from django.test import Client

        self.town, self.clock, self.seed, self.threads = town, clock, seed, threads
        self.plans = {plan.number: plan for plan in coming}
        self.people = People(self)
        self.client = Client
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

    def _ask(self, key: str, method: str, path: str, label: str, **more: Any) -> tuple[int, dict[str, Any]]:
        client = self.client(headers={"authorization": f"Bearer {key}", "accept-language": "zh"})
        with self.counting.of(label):
            answer = getattr(client, method)(path, **more)
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


# The books.


def audit(day: Day) -> tuple[list[str], dict[str, Any]]:
    """Check the books of a day that is over; returns what is wrong in words, and the figures."""
    from ecobureau.web.clues.models import Clue, ClueIntake, Reporter
    from ecobureau.web.core.history import verify_chain
    from ecobureau.web.core.models import Clock, ClockFired, History, Notice
    from ecobureau.web.dispatch.models import Help, Supervision, Task

    wrong: list[str] = []
    clues = list(Clue.objects.values_list("number", "state", "reference", "merged_into__number", "pk"))
    states = Counter(state for _number, state, *_rest in clues)
    books.no_difference(
        "reports and clues", sorted(f"R{n:05d}" for n in day.plans), sorted(row[2] for row in clues), wrong.append
    )
    books.no_difference("intake rows", len(day.plans), ClueIntake.objects.count(), wrong.append)
    lawful = {"closed", "dismissed", "merged"}
    wrong += [f"{number} ended as {state}" for number, state, *_rest in clues if state not in lawful]
    state_of = {row[0]: row[1] for row in clues}
    wrong += [
        f"{row[0]} lies in {row[3]}, which is {state_of.get(row[3])}"
        for row in clues
        if row[1] == "merged" and state_of.get(row[3]) not in lawful
    ]
    books.no_difference("clues", sum(states[each] for each in lawful), len(day.plans), wrong.append)
    tasks = list(Task.objects.values_list("number", "state", "clue__number", "clue__state", "pk"))
    task_states = Counter(row[1] for row in tasks)
    wrong += [f"{row[0]} ended as {row[1]}" for row in tasks if row[1] not in ("closed", "withdrawn")]
    closing = Counter(row[2] for row in tasks if row[1] == "closed")
    for number, state, *_rest in clues:
        if closing[number] != (1 if state == "closed" else 0):
            wrong.append(f"{number} is {state} and has {closing[number]} closed tasks")
    sent = Counter(act.number for act in day.acts if act.verb == "dispatch")
    books.no_difference("dispatches and tasks", dict(sent), dict(Counter(row[2] for row in tasks)), wrong.append)

    # Every act that the program answered with yes stands in the history as often, and none besides.
    ours = Counter((act.kind, act.number, act.verb, act.who) for act in day.acts if act.verb != "create")
    verbs = {(kind, verb) for kind, _number, verb, _who in ours}
    rows = list(History.objects.filter(kind__in=PLURAL).values_list("kind", "number", "verb", "actor_id", "seq", "at"))
    people = Counter(row[:4] for row in rows if row[3] is not None and row[:1] + row[2:3] in verbs)
    wrong += [
        f"{key}: {people[key]} times in the history" for key, times in ours.items() if key[3] and people[key] != times
    ]
    wrong += [f"{key}: in the history alone" for key in people.keys() - ours.keys()]
    # What the program ends by itself with the task: help and orders.
    day.acts += [
        books.Act(at.timestamp(), kind, number, verb, seq, None)
        for kind, number, verb, who, seq, at in rows
        if who is None and kind in ("help", "supervision") and verb in ("close", "withdraw")
    ]
    accepted = Counter(act.number for act in day.acts if (act.kind, act.verb) == ("task", "accept"))

    # Clocks.
    fired: dict[int, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for clock, percent, at in ClockFired.objects.values_list("clock_id", "percent", "at"):
        fired[clock][percent].append(at.timestamp())
    names = {
        (kind, row.pk): row.number
        for kind, model in (("clue", Clue), ("task", Task), ("help", Help), ("supervision", Supervision))
        for row in model.objects.only("pk", "number")
    }
    kept = {
        (each.kind, names[each.kind, each.object_id], each.code, each.run): books.Kept(
            each.started_at.timestamp(),
            each.due_at.timestamp(),
            each.stopped_at.timestamp() if each.stopped_at else None,
            fired[each.pk],
        )
        for each in Clock.objects.filter(kind__in=PLURAL)
    }
    differ, compared, points = books.differences(day.records, day.acts, kept, day.steps)
    wrong += differ
    told: Counter[tuple[Any, ...]] = Counter()
    for kind, number, user, at, params in Notice.objects.filter(code="core.notice.clock").values_list(
        "kind", "number", "user_id", "at", "params"
    ):
        told[kind, number, user, at, params.get("clock"), params.get("percent")] += 1
    wrong += [f"told twice: {key}" for key, times in told.items() if times > 1]
    heard = {(key[0], key[1], key[4], key[5]) for key in told}
    fires = {
        (each.clock.kind, names[each.clock.kind, each.clock.object_id])
        for each in ClockFired.objects.select_related("clock")
    }
    wrong += [f"nobody was told of {each}" for each in fires - {(key[0], key[1]) for key in heard}]

    # Reporters.
    owed = Reporter.objects.filter(wants_answer=True).select_related("matter", "clue")
    late = [each for each in owed if each.answered_at is None or each.answered_at < each.matter.closed_at]
    wrong += [f"reporter of {each.clue.number} (matter {each.matter.number}) has no answer" for each in late]
    merged_reporters = sum(each.matter_id != each.clue_id for each in owed)
    wrong += [
        f"reporter {each.pk} does not hang on where {each.clue.number} lies"
        for each in owed
        if each.clue.merged_into_id and each.matter_id == each.clue_id
    ]

    for kind, model in (("clue", Clue), ("task", Task)):
        for pk, version in model.objects.values_list("pk", "version")[:: max(1, len(day.plans) // 300)]:
            if not verify_chain(kind, pk, version).ok:
                wrong.append(f"chain of {kind} {pk} is broken")
    if day.silent:
        wrong.append(f"{day.silent} refusals without words")
    rows_ = Task.objects.filter(submitted_at__isnull=False, accepted_at__isnull=False).values_list(
        "accepted_at", "submitted_at"
    )
    spent = [(submitted - accepted).total_seconds() / 3600 for accepted, submitted in rows_ if submitted >= accepted]
    late_results = {
        (each.kind, each.object_id)
        for each in Clock.objects.filter(kind="task", code="first_result", stopped_at__isnull=False)
        if each.stopped_at and each.stopped_at > each.due_at
    }
    median, p90 = books.quantiles(spent, (0.5, 0.9)) or (0.0, 0.0)
    figures = {
        "people": day.town.people,
        "clues": len(clues),
        "states": dict(states),
        "tasks": dict(task_states),
        "accepted by": {
            "one": sum(1 for each in accepted.values() if each == 1),
            "anew": sum(1 for each in accepted.values() if each > 1),
        },
        "kinds": len({plan.kind for plan in day.plans.values()}),
        "merge refused": sum(n for (what, _code), n in day.refusals.items() if what == "clue: merge"),
        "handled_in_time_percent": round(100 * (1 - len(late_results) / max(1, len(tasks))), 1),
        "handling_h": {
            "mean": round(sum(spent) / max(1, len(spent)), 2),
            "median": round(median, 2),
            "p90": round(p90, 2),
        },
        "clocks compared": compared,
        "warn points fired": points,
        "reporters": {"owed": len(owed), "of merged clues": merged_reporters, "answers": sum(day.answered.values())},
        "help": Help.objects.count(),
        "orders": Supervision.objects.count(),
        "notices": day.notices,
        "acts": len(day.acts),
        "steps": len(day.steps),
        "days": round((day.steps[-1] - START.timestamp()) / 86400, 1),
    }
    return wrong, figures


def simulate(size: Size, seed: int = 1, threads: int = 4) -> tuple[Day, list[str], dict[str, Any]]:
    """Build the city in the database at hand, let the day run, check the books."""
    from ecobureau.clock import ManualClock, use_clock

    clock = ManualClock(START - timedelta(minutes=5))
    with use_clock(clock):
        town = build(size)
        day = Day(town, plans(size, town, seed), clock, seed, threads)
        day.run()
        wrong, figures = audit(day)
    return day, wrong, figures


def show(day: Day, figures: dict[str, Any]) -> None:
    for name, value in figures.items():
        print(f"{name:26} {json.dumps(value, ensure_ascii=False)}")
    print(f"\n{'action':30}{'times':>8}{'queries':>9}{'ms CPU':>9}")
    count = day.counting
    for label in sorted(count.times):
        n = count.times[label]
        print(f"{label:30}{n:>8}{count.queries[label] / n:>9.1f}{1000 * count.seconds[label] / n:>9.1f}")
    print("\nrefused, in words:")
    for (what, code), n in sorted(day.refusals.items()):
        print(f"  {what:28}{code:34}{n:>6}")


def measure(size: Size, seed: int, threads: int) -> int:
    import django

    django.setup()
    logging.getLogger("django.request").setLevel(logging.ERROR)
    began, cpu = time.monotonic(), time.process_time()
    day, wrong, figures = simulate(size, seed, threads)
    show(day, figures)
    spent = {"wall_s": round(time.monotonic() - began, 1), "cpu_s": round(time.process_time() - cpu, 1)}
    spent["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({**spent, "load": round(os.getloadavg()[0], 1), "wrong": len(wrong)}))
    for line in wrong[:40]:
        print("WRONG", line)
    return int(bool(wrong))


def main() -> int:
    """Prepare a database in a temporary folder, let the day run there, and take it down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clues", type=int, default=3000)
    parser.add_argument("--grids", type=int, default=200)
    parser.add_argument("--people", type=int, default=600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.inside:
        return measure(Size(args.clues, 7, args.grids, args.people), args.seed, args.threads)
    from ecobureau.supervisor.postgres import EmbeddedPostgres

    with (
        tempfile.TemporaryDirectory(prefix="eb-day-", ignore_cleanup_errors=True) as folder,
        EmbeddedPostgres(Path(folder) / "pg") as server,
    ):
        env = os.environ | {
            "DATABASE_OWNER_URL": server.url("owner"),
            "DATABASE_URL": server.url("owner"),
            "ECOBUREAU_DATA": folder,
            "ECOBUREAU_SECRET_KEY": "bench",
            "ECOBUREAU_LOG_LEVEL": "ERROR",
            "DJANGO_SETTINGS_MODULE": "ecobureau.web.settings",
            "ECOBUREAU_NO_POOL": "1",
            "ECOBUREAU_HOSTS": "testserver",
        }
        subprocess.run([sys.executable, "-m", "django", "migrate", "--noinput", "-v", "0"], check=True, env=env)
        return subprocess.run([sys.executable, __file__, "--inside", *sys.argv[1:]], check=False, env=env).returncode


if __name__ == "__main__":
    raise SystemExit(main())
