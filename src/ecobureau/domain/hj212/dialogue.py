"""The dialogues of HJ 212 as state machines without IO: time is handed in, what to do is handed out.

Request (platform to field): request -> 9011 -> uploads -> 9012. Notice: notice -> 9013. Upload: data -> 9014.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from ecobureau.domain.hj212.commands import ANSWERS, COMMANDS, Direction, Kind
from ecobureau.domain.hj212.deviations import Deviation
from ecobureau.domain.hj212.encode import answer_9013, answer_9014
from ecobureau.domain.hj212.frame import Frame


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Waiting times of a dialogue; CN 1000 sets the field's own (OverTime, ReCount).

    Attributes:
        answer: seconds to wait for 9011, 9013 or 9014 before sending again (5 on ADSL, 10 on mobile networks).
        execution: seconds to wait after 9011, and after each upload, for more data or 9012.
        retries: how often to send again.
    Source: HJ 212-2017 6.6.6.
    """

    answer: float = 10.0
    execution: float = 60.0
    retries: int = 3


class State(StrEnum):
    """Where an exchange stands."""

    NEW = "new"
    SENT = "sent"
    RUNNING = "running"
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"
    TIMED_OUT = "timed out"
    UNUSABLE = "unusable"

    @property
    def over(self) -> bool:
        """Whether nothing more is awaited."""
        return self not in (State.NEW, State.SENT, State.RUNNING)


class EventKind(StrEnum):
    """What happened in an exchange."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    DATA = "data"
    DONE = "done"
    FAILED = "failed"
    ANSWERED = "answered"


class Event(NamedTuple):
    """Something happened.

    Attributes:
        kind: what.
        frame: the frame that made it happen.
        code: QnRtn or ExeRtn of REFUSED, DONE and FAILED.
        deviations: `dialogue.*` and `answer.*`.
    """

    kind: EventKind
    frame: Frame | None = None
    code: str | None = None
    deviations: tuple[Deviation, ...] = ()


class ActionKind(StrEnum):
    """What the caller is to do."""

    SEND = "send"
    CLOSE = "close"
    GIVE_UP = "give up"


class Action(NamedTuple):
    """Send these bytes (again), close the unusable link, or give the exchange up; `deviations` explain the last."""

    kind: ActionKind
    data: bytes = b""
    deviations: tuple[Deviation, ...] = ()


class Exchange:
    """One request, notice or upload and what answers it.

    Args:
        request: the frame to send.
        qn, cn: its QN and command code; pw, mn: to see that answers echo them (None: not looked at).
        timeouts: waiting times.
        kind: by which dialogue it goes.
        answers: codes that end a notice or upload; default 9013 and 9014. Empty: nothing is awaited.
    """

    def __init__(
        self,
        request: bytes,
        qn: str | None,
        cn: str,
        timeouts: Timeouts | None = None,
        *,
        kind: Kind = Kind.REQUEST,
        pw: str | None = None,
        mn: str | None = None,
        answers: frozenset[str] | None = None,
    ) -> None:
        self.request = request
        self.qn = qn
        self.cn = cn
        self.kind = kind
        self.timeouts = timeouts or Timeouts()
        self.state = State.NEW
        self.sent = 0
        self.uploads = 0
        self.code: str | None = None
        self._pw, self._mn = pw, mn
        default = frozenset({"9013"}) if kind is Kind.NOTICE else frozenset({"9014"})
        self._answers = default if answers is None else answers
        self._deadline = float("inf")

    @property
    def deadline(self) -> float:
        """When `tick` has something to do, in the caller's seconds; infinite when never."""
        return self._deadline

    def send(self, now: float) -> bytes:
        """Start (or start again) and return the bytes to send."""
        self.sent += 1
        if self.kind is not Kind.REQUEST and not self._answers:
            self._end(State.DONE)
        else:
            self.state = State.SENT
            self._deadline = now + self.timeouts.answer
        return self.request

    def matches(self, frame: Frame) -> bool:
        """Whether a frame belongs to this exchange: by QN; devices of 2005 that answer without one, by command."""
        if frame.cn in ANSWERS:
            own = {"9011", "9012"} if self.kind is Kind.REQUEST else self._answers
            return frame.cn in own and frame.exchange in (self.qn, None)
        return self.kind is Kind.REQUEST and frame.cn == self.cn

    def on_frame(self, frame: Frame, now: float) -> list[Event]:
        """Take a good frame of the link; return what it means here, nothing where it belongs elsewhere."""
        if self.state is State.NEW or frame.cn is None or not self.matches(frame):
            return []
        odd = self._echo(frame)
        if frame.cn == "9011":
            return self._on_9011(frame, now, odd)
        if frame.cn == "9012":
            return self._on_9012(frame, odd)
        if frame.cn in ANSWERS:
            if self.state.over:
                return []
            self._end(State.DONE)
            return [Event(EventKind.ANSWERED, frame, None, odd)]
        return self._on_data(frame, now)

    def _on_9011(self, frame: Frame, now: float, odd: tuple[Deviation, ...]) -> list[Event]:
        if self.state is not State.SENT:
            return []
        code = frame.text("QnRtn") or "1"
        if code == "1":
            self.state = State.RUNNING
            self._deadline = now + self.timeouts.execution
            return [Event(EventKind.ACCEPTED, frame, code, odd)]
        self.code = code
        self._end(State.REFUSED)
        return [Event(EventKind.REFUSED, frame, code, odd)]

    def _on_9012(self, frame: Frame, odd: tuple[Deviation, ...]) -> list[Event]:
        if self.state.over:
            return []
        if self.state is State.SENT:
            odd = (*odd, Deviation("dialogue.no_9011", self.qn or ""))
        self.code = code = frame.text("ExeRtn") or frame.text("QnRtn") or "1"
        # 100: the window holds no data. The command itself was carried out.
        good = code in ("1", "100")
        self._end(State.DONE if good else State.FAILED)
        return [Event(EventKind.DONE if good else EventKind.FAILED, frame, code, odd)]

    def _on_data(self, frame: Frame, now: float) -> list[Event]:
        odd: tuple[Deviation, ...] = ()
        if self.state is State.SENT:
            self.state = State.RUNNING
            odd = (Deviation("dialogue.no_9011", self.qn or ""),)
        elif self.state is State.DONE and self.code is not None:
            self.uploads += 1
            return [Event(EventKind.DATA, frame, None, (Deviation("dialogue.9012_early", self.qn or ""),))]
        elif self.state.over:
            return []
        self.uploads += 1
        self._deadline = now + self.timeouts.execution
        return [Event(EventKind.DATA, frame, None, odd)]

    def _echo(self, frame: Frame) -> tuple[Deviation, ...]:
        if frame.cn not in ANSWERS:
            return ()
        odd = []
        for name, sent, came in (
            ("QN", self.qn, frame.exchange),
            ("PW", self._pw, frame.pw),
            ("MN", self._mn, frame.mn),
        ):
            if sent is not None and came != sent:
                odd.append(Deviation("answer.not_echoed", f"{name}: {came}"))
        return tuple(odd)

    def tick(self, now: float) -> list[Action]:
        """Act on what did not come in time; call it at `deadline` or later, as often as you like."""
        if now < self._deadline or self.state.over or self.state is State.NEW:
            return []
        if self.state is State.RUNNING:
            if self.uploads:
                # Devices that answer with data only: what came is all there is.
                self._end(State.DONE)
                return [Action(ActionKind.GIVE_UP, b"", (Deviation("dialogue.no_9012", self.qn or ""),))]
            self._end(State.TIMED_OUT)
            return [Action(ActionKind.GIVE_UP)]
        if self.sent <= self.timeouts.retries:
            return [Action(ActionKind.SEND, self.send(now))]
        self._end(State.UNUSABLE)
        return [Action(ActionKind.CLOSE)]

    def _end(self, state: State) -> None:
        self.state = state
        self._deadline = float("inf")


class Exchanges:
    """The exchanges of one link: one outstanding at a time, the others wait in line."""

    def __init__(self) -> None:
        self._waiting: deque[Exchange] = deque()
        self.current: Exchange | None = None
        self._last: Exchange | None = None

    def submit(self, exchange: Exchange, now: float) -> list[Action]:
        """Put an exchange in line; returns the sending when it is its turn at once."""
        self._waiting.append(exchange)
        return self._advance(now)

    def on_frame(self, frame: Frame, now: float) -> tuple[list[tuple[Exchange, Event]], list[Action]]:
        """Give a frame to the exchange it belongs to; returns the events, and the sending of the next in line."""
        events = []
        for exchange in (self.current, self._last):
            if exchange is not None:
                found = exchange.on_frame(frame, now)
                events = [(exchange, event) for event in found]
                if found:
                    break
        return events, self._advance(now)

    def tick(self, now: float) -> list[tuple[Exchange | None, Action]]:
        """Return what is due: resends, closing, giving up, and the sending of the next in line."""
        done: list[tuple[Exchange | None, Action]] = []
        if self.current is not None:
            done += [(self.current, action) for action in self.current.tick(now)]
        return done + [(self.current, action) for action in self._advance(now)]

    @property
    def deadline(self) -> float:
        """When `tick` has something to do."""
        return self.current.deadline if self.current is not None else float("inf")

    def __len__(self) -> int:
        return len(self._waiting) + (self.current is not None)

    def _advance(self, now: float) -> list[Action]:
        actions: list[Action] = []
        if self.current is not None and self.current.state.over:
            self._last, self.current = self.current, None
        while self.current is None and self._waiting:
            self.current = self._waiting.popleft()
            actions.append(Action(ActionKind.SEND, self.current.send(now)))
            if self.current.state.over:
                self._last, self.current = self.current, None
        return actions


def platform_answer(frame: Frame, *, login: str | None = "9014") -> bytes | None:
    """Return what the platform answers to a good frame once its content is kept; None: nothing.

    Args:
        frame: a good frame from the field.
        login: how this station wants its 9021 answered: `9014`, `9013` or None.
    Source: HJ 212-2017 6.6; reference sections 4 and 8. Answers are never answered; unknown commands as data.
    """
    if frame.cn == "9021":
        return {"9014": answer_9014, "9013": answer_9013}[login](frame) if login else None
    if not frame.wants_answer:
        return None
    command = COMMANDS.get(frame.cn or "")
    use = command.use(Direction.UP, frame.edition) if command else None
    if use is not None and use.kind is Kind.NOTICE:
        return answer_9013(frame)
    return answer_9014(frame)


def field_verdict(frame: Frame, *, mn: str, pw: str, systems: frozenset[str] | None = None) -> str | None:
    """Return the QnRtn with which the field side meets a request; None: drop it silently (a wrong CRC or length).

    Args:
        frame: what came.
        mn, pw: the field's own.
        systems: ST it serves; None: any.
    Source: HJ 212-2017 table 11; a wrong CRC ends the execution (6.6.2).
    """
    if frame.error in ("crc", "length", "truncated"):
        return None
    if frame.mn != mn:
        return "4"
    if frame.pw != pw:
        return "3"
    if systems is not None and frame.st not in systems:
        return "5"
    if frame.flag_value is None or frame.edition is None:
        return "6"
    if not frame.exchange:
        return "7"
    command = COMMANDS.get(frame.cn or "")
    if command is None or command.use(Direction.DOWN) is None:
        return "8"
    return "2" if frame.error is not None else "1"
