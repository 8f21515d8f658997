"""What people do on the simulated day: they hear of work by notices and lists, take their time, answer by the API."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from math import exp
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

if TYPE_CHECKING:
    from city_day_run import Day

MINUTE, HOUR = 60.0, 3600.0
ACCEPT = {"red": 2, "orange": 5, "yellow": 18, "blue": 90}
ROAD = {"red": 12, "orange": 20, "yellow": 35, "blue": 120}
WORK = {"red": 25, "orange": 35, "yellow": 45, "blue": 60}
DESK = {"red": 1, "orange": 3, "yellow": 9, "blue": 30}
"""Median minutes people take, by level: to accept, on the road, on site, at the desk."""
_SPACE = UUID("6f3c8a52-6ac2-4c5e-9d5e-3f1d0c4b8a11")
FIELD_PAPERS = {"grid_check": ("photo",), "enforcement_visit": ("photo", "photo", "photo", "sketch", "statement")}


class People:
    """Behaviour. One dice a matter, so that what happens does not hang on who is first in which thread."""

    def __init__(self, day: Day) -> None:
        self.day = day
        self.chances: dict[str, random.Random] = {}
        self.ordered: set[str] = set()
        self.hears: Mapping[str, Callable[[int, str, str, Mapping[str, Any]], None]] = {
            "dispatch.notice.new_task": self.new_task,
            "dispatch.notice.goes_on": self.goes_on,
            "dispatch.notice.returned": self.returned,
            "dispatch.notice.handed_back": self.handed_back,
            "dispatch.notice.handed_over": self.new_task,
            "dispatch.notice.to_review": self.to_review,
            "dispatch.notice.transfer_asked": self.transfer_asked,
            "dispatch.notice.transfer_refused": self.new_task,
            "dispatch.notice.supervised": self.supervised,
            "dispatch.notice.order_answered": self.order_answered,
            "dispatch.notice.help_asked": self.help_asked,
            "clues.notice.answers_owed": self.answers_owed,
            "core.notice.clock": self.warned,
        }

    def dice(self, what: str) -> random.Random:
        """Return the dice of a matter."""
        return self.chances.setdefault(what, random.Random(f"{self.day.seed}:{what}"))

    def takes(self, dice: random.Random, minutes: float, spread: float = 0.75) -> float:
        """Return a human delay in seconds, on the raster of the day; few are much slower than most."""
        return self.day.raster(minutes * MINUTE * exp(dice.gauss(0, spread)))

    def _once(self, dice: random.Random, *what: Any) -> str:
        return str(uuid5(_SPACE, f"{self.day.seed}:{what}:{dice.random()}"))

    # The desk.

    def look(self, officer: int) -> None:
        """Read the queue of new and triaged clues; whoever looks first takes a clue up, rarely both do."""
        found = self.day.get(officer, "/api/clues/?state=new&state=triaged&limit=200", "list of clues")
        for row in found["results"]:
            number = row["number"]
            dice = self.dice(number)
            mine = self.day.claim(("desk", number, row["version"]))
            if not mine and dice.random() > 0.05:
                continue
            self.day.later(self.takes(dice, DESK[row["level"]]), self.decide_clue, officer, number, row["version"])

    def decide_clue(self, officer: int, number: str, version: int) -> None:
        """Triage a clue and decide what becomes of it."""
        day, dice = self.day, self.dice(number)
        plan = day.plan_of(number)
        if plan.fate == "merge" and plan.root is not None:
            into = day.number_of(plan.root)
            if into and day.do(officer, "clue", number, "merge", into=into, version=version):
                return
        elif plan.fate == "dismiss":
            reason = dice.choice(("normal_condition", "calibration", "instrument"))
            plan.fate = "task"  # should the head not agree
            done = day.do(officer, "clue", number, "propose_dismissal", reason=reason, seen="看过曲线", version=version)
            if done:
                head = dice.choice(day.town.heads[plan.district])
                day.later(self.takes(dice, 40), self.sign_dismissal, head, number)
                return
        elif plan.fate == "watch":
            plan.fate = "task"
            if day.do(officer, "clue", number, "watch", reason="先看看", version=version):
                day.later(self.takes(dice, 180), self.take_up, officer, number)
                return
        elif dice.random() < 0.5 and day.state.get(number) == "new":
            done = day.do(officer, "clue", number, "triage", version=version)
            if done:
                day.later(self.takes(dice, 2), self.send, officer, number, done["version"])
                return
        self.send(officer, number, version)

    def take_up(self, officer: int, number: str) -> None:
        """Take a watched clue up again: it stands in the queue as before, so it is looked at as before."""
        if self.day.do(officer, "clue", number, "triage"):
            self.day.wake(self.day.plan_of(number).district)

    def sign_dismissal(self, head: int, number: str) -> None:
        dice = self.dice(number)
        if dice.random() < 0.85:
            self.day.do(head, "clue", number, "approve_dismissal")
        elif self.day.do(head, "clue", number, "refuse_dismissal", reason="请现场核实"):
            self.day.wake(self.day.plan_of(number).district)

    def send(self, officer: int, number: str, version: int) -> None:
        """Send a clue out: the unit that one would name by heart; where routing proposes another, with the reason."""
        day, plan, dice = self.day, self.day.plan_of(number), self.dice(number)
        visit = plan.kind in ("K01", "K02", "K03", "K10")
        unit = f"{day.town.place(plan.district)}enforcement/" if visit else plan.grid
        body: dict[str, Any] = {
            "unit": unit,
            "task_kind": "enforcement_visit" if visit else "grid_check",
            "note": "请到现场核实",
            "secure_first": visit,
            "version": version,
            "client_uuid": self._once(dice, "send", number),
        }
        if day.do(officer, "clue", number, "dispatch", quiet="dispatch.override_reason", **body):
            return
        elsewhere = day.told(officer, number) == "dispatch.override_reason"
        if elsewhere and day.do(officer, "clue", number, "dispatch", override="就近、熟悉情况", **body):
            return
        if day.told(officer, number) == "core.changed_meanwhile":
            day.look_again(number)

    # In the field.

    def new_task(self, user: int, kind: str, number: str, said: Mapping[str, Any]) -> None:
        """A task has come: one of those who heard takes it on; now and then two do at once, or it is called back."""
        day, dice = self.day, self.dice(number)
        level = day.level_of(kind, number)
        wait = self.takes(dice, ACCEPT[level], 0.9)
        if user in day.desk_people:
            return
        if day.claim(("accept", number, day.version_of(kind, number))) or dice.random() < 0.1:
            day.later(wait, self.accept, user, number)
        if day.claim(("called back", number)) and dice.random() < 0.02:
            plan = day.plan_of_task(number)
            day.later(wait, self.withdraw, dice.choice(day.town.dispatchers[plan.district]), number)

    def withdraw(self, dispatcher: int, number: str) -> None:
        plan = self.day.plan_of_task(number)
        if self.day.do(dispatcher, "task", number, "withdraw", reason="重复派发"):
            self.day.wake(plan.district)

    def accept(self, user: int, number: str) -> None:
        day, dice = self.day, self.dice(number)
        if dice.random() < 0.05 and day.claim(("hand back", number)):
            reason = dice.choice(("not_ours", "wrong_place", "repeat", "unreachable"))
            day.do(user, "task", number, "hand_back", reason=reason)
            return
        done = day.do(user, "task", number, "accept", client_uuid=self._once(dice, "accept", number, user))
        if not done:
            return
        level, plan = done["level"], day.plan_of_task(number)
        head = dice.choice(day.town.heads[plan.district])
        chance = dice.random()
        if chance < 0.03 and day.claim(("pause", number)):
            reason = dice.choice(("weather", "waiting_lab", "stopped_production"))
            day.later(self.takes(dice, 10), self.suspend, head, number, reason)
            return
        if chance < 0.06 and day.claim(("help", number)):
            day.later(self.takes(dice, 5), self.call_in, head, number)
        elif chance < 0.09 and day.claim(("transfer", number)):
            day.later(self.takes(dice, 6), self.transfer, head, number)
            return
        day.later(self.takes(dice, ROAD[level]), self.arrive, user, number)

    def suspend(self, head: int, number: str, reason: str) -> None:
        day, dice = self.day, self.dice(number)
        if day.do(head, "task", number, "suspend", reason=reason) and dice.random() < 0.8:
            day.later(self.takes(dice, 30 * 60), self.resume, head, number)

    def resume(self, head: int, number: str) -> None:
        day, dice = self.day, self.dice(number)
        if day.do(head, "task", number, "resume"):
            day.later(self.takes(dice, 60), self.arrive, day.owner_of(number), number)

    def goes_on(self, user: int, kind: str, number: str, said: Mapping[str, Any]) -> None:
        dice = self.dice(number)
        if user == self.day.owner_of(number):
            self.day.later(self.takes(dice, 120), self.arrive, user, number)

    def call_in(self, head: int, number: str) -> None:
        plan = self.day.plan_of_task(number)
        unit = f"{self.day.town.place(plan.district)}{'urban' if plan.number % 2 else 'water'}/"
        self.day.do(head, "task", number, "call_in", units=[unit], demand="请派人配合")

    def help_asked(self, user: int, kind: str, number: str, said: Mapping[str, Any]) -> None:
        dice = self.dice(number)
        if self.day.claim(("help of", number)):
            self.day.later(self.takes(dice, 20), self.accept_help, user, number)

    def accept_help(self, user: int, number: str) -> None:
        if self.day.do(user, "help", number, "accept"):
            self.day.later(self.takes(self.dice(number), 60), self.answer_help, user, number)

    def answer_help(self, user: int, number: str) -> None:
        self.day.do(user, "help", number, "answer", result="已到场配合")

    def transfer(self, head: int, number: str) -> None:
        day, plan = self.day, self.day.plan_of_task(number)
        unit = f"{day.town.place(plan.district)}urban/"
        if not day.do(head, "task", number, "transfer", unit=unit, reason="属城管职责"):
            self.arrive(day.owner_of(number), number)

    def transfer_asked(self, user: int, kind: str, number: str, said: Mapping[str, Any]) -> None:
        dice = self.dice(number)
        if self.day.is_head(user) and self.day.claim(("transfer of", number)):
            self.day.later(self.takes(dice, 900, 1.0), self.decide_transfer, user, number)

    def decide_transfer(self, user: int, number: str) -> None:
        if self.dice(number).random() < 0.5:
            self.day.do(user, "task", number, "take_over")
        else:
            self.day.do(user, "task", number, "refuse_transfer", reason="不属我局")

    def arrive(self, user: int, number: str) -> None:
        day, dice = self.day, self.dice(number)
        done = day.do(user, "task", number, "arrive", lon=114.0, lat=30.4, accuracy=12)
        if done:
            day.later(self.takes(dice, WORK[done["level"]]), self.report, user, number)

    def report(self, user: int, number: str) -> None:
        """Upload what the kind of task asks for and hand the result in; a phone now and then sends twice."""
        day, dice = self.day, self.dice(number)
        kind = day.task_kind(number)
        for place, paper in enumerate(FIELD_PAPERS[kind]):
            day.upload(user, "task", number, paper, place)
        if dice.random() < 0.2:
            day.do(user, "task", number, "record")
        body = {"result": "已核实并要求整改", "client_uuid": self._once(dice, "submit", number)}
        from ecobureau.web.dispatch import checklists
        from ecobureau.web.dispatch.models import Task

        asked = checklists.of(Task.objects.select_related("clue").get(number=number))
        body |= {f"check_{each.code}": each.choices[0].code for each in asked}
        body |= day.checks(number)
        if kind == "enforcement_visit":
            body |= {"officer_1": "张三 42010001", "officer_2": "李四 42010002"}
        if day.do(user, "task", number, "submit", **body) and dice.random() < 0.05:
            day.again(user, "task", number, "submit", **body)

    def returned(self, user: int, kind: str, number: str, said: Mapping[str, Any]) -> None:
        self.day.later(self.takes(self.dice(number), 30), self.report, user, number)

    # Heads, dispatchers, leaders.

    def to_review(self, user: int, kind: str, number: str, said: Mapping[str, Any]) -> None:
        day, dice = self.day, self.dice(number)
        if day.claim(("review", number, day.version_of(kind, number))) or dice.random() < 0.05:
            day.later(self.takes(dice, 25), self.review, user, number)

    def review(self, user: int, number: str) -> None:
        day, dice = self.day, self.dice(number)
        plan = day.plan_of_task(number)
        if dice.random() < 0.05:
            day.do(user, "task", number, "send_back", reason="照片看不清")
            return
        done = day.do(user, "task", number, "close", quiet="dispatch.helpers_waiting")
        if done and dice.random() < 0.01 and day.claim(("again", number)):
            dispatcher = dice.choice(day.town.dispatchers[plan.district])
            day.later(self.takes(dice, 300), self.reopen, dispatcher, number)
        elif not done and day.told(user, number) == "dispatch.helpers_waiting":
            day.later(self.takes(dice, 60), self.review, user, number)
        elif not done and day.told(user, number) == "dispatch.leader_must_sign":
            day.later(self.takes(dice, 60), self.review, day.town.leaders[plan.district][0], number)

    def reopen(self, dispatcher: int, number: str) -> None:
        self.day.do(dispatcher, "task", number, "reopen", reason="群众回访不满意")

    def handed_back(self, user: int, kind: str, number: str, said: Mapping[str, Any]) -> None:
        dice = self.dice(number)
        if self.day.claim(("decide", number, self.day.version_of(kind, number))):
            self.day.later(self.takes(dice, 12), self.decide_hand_back, user, number)

    def decide_hand_back(self, user: int, number: str) -> None:
        day, dice = self.day, self.dice(number)
        plan = day.plan_of_task(number)
        if dice.random() < 0.5:
            day.do(user, "task", number, "insist", reason="经核实属你处")
        else:
            others = [grid for grid in day.town.grids[plan.district] if grid != plan.grid] or [plan.grid]
            day.do(user, "task", number, "route", target=dice.choice(others))

    def warned(self, user: int, kind: str, number: str, said: Mapping[str, Any]) -> None:
        """A leader who hears that a task is far too late now and then puts it under supervision."""
        day, dice = self.day, self.dice(number)
        if kind == "task" and int(said.get("percent", 0)) == 150 and user in day.leaders and number not in self.ordered:
            self.ordered.add(number)
            if dice.random() < 0.4:
                day.later(self.takes(dice, 15), self.supervise, user, number)

    def supervise(self, leader: int, number: str) -> None:
        grade = self.dice(number).choice(("orange", "yellow", "blue"))
        self.day.do(leader, "task", number, "supervise", grade=grade, demand="请尽快办结并说明原因")

    def supervised(self, user: int, kind: str, number: str, said: Mapping[str, Any]) -> None:
        dice = self.dice(number)
        if user not in self.day.leaders and self.day.claim(("order", number, self.day.version_of(kind, number))):
            self.day.later(self.takes(dice, 40), self.sign_order, user, number)

    def sign_order(self, user: int, number: str) -> None:
        if self.day.do(user, "supervision", number, "sign"):
            self.day.later(self.takes(self.dice(number), 400, 1.0), self.answer_order, user, number)

    def answer_order(self, user: int, number: str) -> None:
        self.day.do(user, "supervision", number, "answer", answer="正在办理，今日办结")

    def order_answered(self, user: int, kind: str, number: str, said: Mapping[str, Any]) -> None:
        self.day.later(self.takes(self.dice(number), 120), self.lift, user, number)

    def lift(self, user: int, number: str) -> None:
        self.day.do(user, "supervision", number, "lift")

    def answers_owed(self, user: int, kind: str, number: str, said: Mapping[str, Any]) -> None:
        """Duty officers answer those who wait about every half hour, all that wait by then."""
        if self.day.claim(("answers", user)):
            self.day.later(self.takes(self.dice(f"answers {user}"), 30, 0.3), self.answer_all, user)

    def answer_all(self, user: int) -> None:
        day = self.day
        day.release(("answers", user))
        found = day.get(user, "/api/clues/answers?limit=200", "answers owed")
        for row in found["results"]:
            day.answer(user, row["id"])
