"""What becomes of a command to a device, as it is written to its row."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from psycopg import Connection

from ecobureau.gateway.log import logger
from ecobureau.storage import commands
from ecobureau.storage.commands import State


class Step(NamedTuple):
    """Something happened to a command.

    Attributes:
        state: its new state; None where only `qn` or `frames` is news.
        qn: request number it went out under. qn_rtn, exe_rtn: answer and result of the device.
        frames: replies that came with this step. note: why, a stable word.
    """

    command_id: int
    at: datetime
    state: State | None = None
    note: str = ""
    qn: str = ""
    qn_rtn: str = ""
    exe_rtn: str = ""
    frames: int = 0


def write_step(db: Connection[Any], step: Step) -> None:
    """Write one step. A command that is over stays as it ended."""
    with db.transaction():
        if step.qn:
            commands.set_qn(db, step.command_id, step.qn)
        if step.frames:
            commands.count_frame(db, step.command_id, step.frames)
        if step.state is None:
            return
        try:
            commands.move(
                db,
                step.command_id,
                step.state,
                step.at,
                note=step.note,
                qn_rtn=step.qn_rtn or None,
                exe_rtn=step.exe_rtn or None,
            )
        except commands.NotAllowed as error:
            logger.warning("command_step_refused", command=step.command_id, state=step.state, why=str(error))
