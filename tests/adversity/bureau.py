"""The whole bureau, as its operator starts it, with loggers entered into its registry."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg

from adversity.loggers import until
from ecobureau.simulator.plan import StationPlan, save_fleet
from ecobureau.supervisor.loop import status
from ecobureau.supervisor.postgres import EmbeddedPostgres, live_url
from ecobureau.supervisor.run import answers
from supervisor.helpers import PATIENCE, environment, gone
from supervisor.test_up import Bureau, free_port

HERE = Path(__file__).resolve().parent
CHILDREN = ("gateway", "web", "worker")


class City(Bureau):
    """`ecobureau up` with its own PostgreSQL (or `server`, one outside), and the registry of some loggers."""

    def __init__(self, data: Path, server: EmbeddedPostgres | None = None) -> None:
        super().__init__(data)
        self.server = server
        self.metrics_port = free_port()

    def open(self, stations: Sequence[StationPlan], *words: str, **more: str) -> None:
        """Start it, wait until it is ready, enter the loggers."""
        if self.server is not None:
            more |= {"DATABASE_URL": self.server.url("app"), "DATABASE_OWNER_URL": self.server.url("owner")}
        self.start("--metrics-port", str(self.metrics_port), *words, **more)
        self.ready()
        self.enter(stations)

    def close(self) -> None:
        """Stop it in order."""
        assert self.process is not None
        self.process.terminate()
        assert self.process.wait(PATIENCE) == 0, self.tail()

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
        found = live_url(self.data, role) if self.server is None else self.server.url(role)
        assert found is not None, "the database does not run"
        return found

    def one(self, query: str, *words: object) -> Any:
        """Ask the running database for one value; None while it is away."""
        try:
            with psycopg.connect(self.url(), autocommit=True, connect_timeout=5) as db:
                row = db.execute(query, words).fetchone()
        except (psycopg.OperationalError, AssertionError):
            return None
        return row[0] if row else None

    def gateway_metric(self, name: str) -> float:
        """A figure of the gateway, as Prometheus would read it."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port}/metrics", timeout=10) as answer:
            for line in answer.read().decode().splitlines():
                if line.startswith(f"ecobureau_gateway_{name} "):
                    return float(line.split()[1])
        raise KeyError(name)

    def gateway_memory(self) -> int:
        """Bytes of memory that the gateway holds (resident)."""
        text = Path(f"/proc/{self.pids()['gateway']}/statm").read_text()
        return int(text.split()[1]) * os.sysconf("SC_PAGE_SIZE")

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
        await until(lambda: self.pids().keys() >= {"supervisor", "postgres", *CHILDREN}, f"all to run\n{self.tail()}")

    async def web_answers(self) -> None:
        """Wait until the web server answers."""

        async def look() -> None:
            while not await asyncio.to_thread(answers, "127.0.0.1", self.web):
                await asyncio.sleep(0.05)

        await asyncio.wait_for(look(), 240)

    def tail(self) -> str:
        return self.log.read_text()[-4000:] if self.log.exists() else ""
