"""What can be set about a gateway process, with the values that hold where nothing is said."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Self


@dataclass(frozen=True, slots=True)
class Settings:
    """Limits and times of one gateway process. Every field can be set as `ECOBUREAU_GATEWAY_<FIELD>`.

    Sizes in bytes, times in seconds, rates per minute.
    """

    max_frame: int = 9999
    """Longest data segment that is accepted (the four digits of the length allow no more)."""
    max_connections: int = 20_000
    max_connections_per_peer: int = 2_000
    idle_timeout: float = 900.0
    """A connection without a byte for this long is closed; loggers dial again."""
    error_frames_per_minute: int = 120
    """Frames in error, of unknown stations or with a wrong password, that one address may send before its connections
    are made to wait."""
    rubbish_limit: int = 1_000_000
    """Bytes between two readable frames after which a connection is closed."""
    in_flight: int = 512
    """Frames of one connection that may wait for their commit before it is read on."""
    live_frames: int = 8192
    backfill_frames: int = 8192
    queue_bytes: int = 48 * 1024 * 1024
    batch_frames: int = 1000
    backfill_share: int = 200
    """Most frames of the back-fill lane in one batch, so that a live frame never waits long for them."""
    future_tolerance: float = 600.0
    """How far DataTime may lie ahead of the gateway's clock."""
    session_beat: float = 5.0
    count_beat: float = 1.0
    """Seconds between two entries of what was counted at the socket."""
    retry_first: float = 0.25
    retry_most: float = 15.0
    answer_timeout: float = 10.0
    """Seconds to wait for a logger's 9011 (mobile networks: 10; reference section 4)."""
    answer_retries: int = 3
    execution_timeout: float = 60.0
    """Seconds without data or 9012 after the 9011."""
    few_frames: int = 4
    """Batches of at most so many frames are written from here; larger ones are packed and written in a process of its
    own, so that the event loop never waits for its turn."""
    set_time_on_notice: bool = True
    """Answer a logger's request for the time (1013) with a time set (1012)."""
    first_contact: bool = False
    """Send the set-up commands of first contact (1012, 1000, 1062, 1064) when a logger logs in."""
    stop_patience: float = 15.0
    """Seconds a stopping gateway gives the database to take what is queued."""
    heartbeat_answer: str = "9014"
    """What a vendor's login or heartbeat 9021 gets when it asks for an answer: 9013, 9014 or `none`."""

    @classmethod
    def of(cls, environment: dict[str, str]) -> Self:
        """Return the settings with what `environment` says.

        Raises:
            BadSetting: a value that cannot be read as the field's type.
        """
        found: dict[str, object] = {}
        for field in fields(cls):
            name = f"ECOBUREAU_GATEWAY_{field.name.upper()}"
            if name in environment:
                found[field.name] = _read(name, environment[name], field.default)
        return replace(cls(), **found)  # type: ignore[arg-type]


class BadSetting(ValueError):
    """A setting that cannot be read: its name and text."""

    def __init__(self, name: str, text: str, wanted: str) -> None:
        super().__init__(name, text, wanted)
        self.name, self.text, self.wanted = name, text, wanted


def _read(name: str, text: str, default: object) -> object:
    if isinstance(default, bool):
        if text.lower() in ("1", "true", "yes", "on"):
            return True
        if text.lower() in ("0", "false", "no", "off"):
            return False
        raise BadSetting(name, text, "0 | 1")
    if isinstance(default, int | float):
        try:
            number = type(default)(text)
        except ValueError as error:
            raise BadSetting(name, text, "number") from error
        if number <= 0:
            raise BadSetting(name, text, "> 0")
        return number
    return text
