"""The whole bureau, as its operator starts it, with loggers entered into its registry."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg

from adversity.loggers import until
from ecobureau.simulator.plan import StationPlan, save_fleet
from ecobureau.supervisor.loop import status
from ecobureau.supervisor.postgres import live_url
from ecobureau.supervisor.run import answers
from supervisor.helpers import environment, gone
from supervisor.test_up import Bureau

HERE = Path(__file__).resolve().parent
SHARED = ("gateway", "web", "worker")


class City(Bureau):
    """`ecobureau up` with its own PostgreSQL, and the registry of some loggers."""

    def enter(self, plans: Sequence[StationPlan]) -> None:
        """Enter the loggers; the running gateways hear of it by themselves."""
        file = self.data.parent / "stations.json"
        save_fleet(file, plans)
        env = {**environment(), "ECOBUREAU_DATA": str(self.data), "DATABASE_URL": self.url()}
        env |= {"DJANGO_SETTINGS_MODULE": "ecobureau.web.settings", "ECOBUREAU_NO_POOL": "1"}
        command = [sys.executable, str(HERE / "enter_stations.py"), str(file)]
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-4000:]

    def url(self, role: Any = "app") -> str:
        """Address of the database that runs now."""
        found = live_url(self.data, role)
        assert found is not None, "the database does not run"
        return found

    def one(self, query: str, *words: object) -> Any:
        """Ask the running database for one value; None while it is away."""
        found = live_url(self.data, "app")
        if found is None:
            return None
        try:
            with psycopg.connect(found, autocommit=True, connect_timeout=5) as db:
                row = db.execute(query, words).fetchone()
        except psycopg.OperationalError:
            return None
        return row[0] if row else None

    def pids(self) -> dict[str, int]:
        """Process ids of what runs: `supervisor`, `postgres` and the children; absent where there is none."""
        state = status(self.data)
        assert self.process is not None
        if state is None or state["pid"] != self.process.pid:
            return {}
        found = {"supervisor": state["pid"], "postgres": state["postgres"]}
        found |= {name: child["pid"] for name, child in state["children"].items()}
        return {name: pid for name, pid in found.items() if pid and not gone(pid)}

    def kill(self, victim: str) -> int:
        """kill -9 one of them; returns the id it had."""
        pid = self.pids()[victim]
        os.kill(pid, signal.SIGKILL)
        return pid

    async def whole(self) -> None:
        """Wait until everything that belongs to it runs."""
        await until(lambda: self.pids().keys() >= {"supervisor", "postgres", *SHARED}, f"all to run\n{self.tail()}")

    async def web_answers(self) -> None:
        """Wait until the web server answers."""

        async def look() -> None:
            while not await asyncio.to_thread(answers, "127.0.0.1", self.web):
                await asyncio.sleep(0.05)

        await asyncio.wait_for(look(), 240)

    def tail(self) -> str:
        return self.log.read_text()[-4000:] if self.log.exists() else ""
