"""As whom PostgreSQL runs: it refuses uid 0, so root needs a way round that leaves its files in order."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from ecobureau.supervisor.errors import PostgresError

NOBODY = 65534


@dataclass(frozen=True, slots=True)
class Identity:
    """How to start a PostgreSQL program.

    prefix: words put before the command line; each of them execs the next, so the process id stays that of our child.
    uid, gid: to which the child is switched before exec (None: stay as we are).
    owner: uid that must own the data folder as seen by us.
    """

    name: str
    prefix: tuple[str, ...] = ()
    uid: int | None = None
    gid: int | None = None
    owner: int = 0

    def popen_args(self) -> dict[str, object]:
        if self.uid is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def _works(identity: Identity, argv: list[str]) -> bool:
    try:
        done = subprocess.run(
            [*identity.prefix, *argv],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            cwd="/",
            timeout=20,
            check=False,
            **identity.popen_args(),  # type: ignore[call-overload]
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return bool(done.returncode == 0)


def _unshare() -> Identity | None:
    tool = shutil.which("unshare")
    if tool is None:
        return None
    return Identity(
        "unshare",
        (tool, "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}"),
        owner=0,
    )


def _with_capability() -> Identity | None:
    """Uid nobody that keeps one capability, CAP_DAC_OVERRIDE, to pass root's closed home folder."""
    tool = shutil.which("setpriv")
    if tool is None:
        return None
    caps = "-all,+dac_override"
    prefix = (
        tool,
        f"--reuid={NOBODY}",
        f"--regid={NOBODY}",
        "--clear-groups",
        f"--inh-caps={caps}",
        # access(2), which initdb asks about its own binaries, drops the capability of everybody but root without this.
        "--securebits=+no_setuid_fixup",
    )
    return Identity("setpriv", (*prefix, f"--ambient-caps={caps}", "--pdeathsig=INT"), owner=NOBODY)


def choose(binaries: Path, data: Path, *, only: str | None = None) -> Identity:
    """The identity for the PostgreSQL of `data` (the folder that holds, or will hold, `pg/`).

    An ordinary user runs it as himself. Root tries in order: the owner of an existing `pg/` folder, a user namespace
    (`unshare`), the user nobody, nobody with CAP_DAC_OVERRIDE. `only` limits the choice to one name (for tests).
    Raises PostgresError('supervisor.pg.root') with what to do when none works.
    """
    if os.geteuid() != 0:
        return Identity("self", owner=os.geteuid())
    probe_binary = [str(binaries / "postgres"), "--version"]
    existing = data / "pg"
    holder = existing.stat().st_uid if existing.exists() else None
    if holder not in (None, 0, NOBODY):
        return _as_user(int(holder), probe_binary, data)
    candidates = [
        _unshare(),
        Identity("nobody", uid=NOBODY, gid=NOBODY, owner=NOBODY),
        _with_capability(),
    ]
    for identity in candidates:
        if identity is None or (only is not None and identity.name != only):
            continue
        if holder is not None and identity.owner != holder:
            continue
        reach = ["/bin/sh", "-c", 'cd "$1"', "sh", str(data)]
        if _works(identity, probe_binary) and _works(identity, reach):
            return identity
    raise PostgresError("supervisor.pg.root", folder=str(data))


def _as_user(uid: int, probe: list[str], data: Path) -> Identity:
    try:
        entry = pwd.getpwuid(uid)
        identity = Identity(entry.pw_name, uid=uid, gid=entry.pw_gid, owner=uid)
    except KeyError:
        identity = Identity(str(uid), uid=uid, gid=uid, owner=uid)
    if not _works(identity, probe):
        raise PostgresError("supervisor.pg.owner", folder=str(data / "pg"), owner=identity.name)
    return identity
