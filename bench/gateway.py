"""Speed of the gateway end to end: client, gateway and PostgreSQL on the same machine, every answer after its commit.

    python bench/gateway.py                    200 connections lockstep and with a window, one lockstep connection
    python bench/gateway.py --frames 1000000 --only lockstep --memory     memory over a million frames

Prints one JSON line a stage: frames/s, the ratio to a bare read-and-answer loop of the same run, what the tables hold.
The server runs with fsync on. Frames: 8 factors; `minute` = 2051 with Min, Avg, Max, Flag; `rt` = 2011 with Rtd, Flag.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import uvloop
from gateway_client import MINUTES, Maker, bare_loop, play
from gateway_server import GatewayProcess, counted, database_cpu, difference, per_frame, prepare, shown


def run(args: argparse.Namespace, folder: Path) -> None:
    from ecobureau.supervisor.postgres import EmbeddedPostgres

    begin = datetime.now(UTC).replace(microsecond=0)
    begin -= (
        timedelta(seconds=2 * (args.frames // args.connections) + 4000)
        if args.kind == "rt"
        else timedelta(minutes=MINUTES * (args.frames // args.connections + 4000))
    )
    makers = [Maker(number, args.kind, begin) for number in range(args.connections)]
    settings = dict(text.split("=", 1) for text in args.pg)
    with EmbeddedPostgres(folder / "data", settings=settings) as postgres:
        owner, app = postgres.url("owner"), postgres.url("app")
        print(json.dumps({"postgresql": shown(owner), "load": round(os.getloadavg()[0], 1)}), flush=True)
        prepare(owner, app, args.connections, folder / "data")
        port: multiprocessing.Queue = multiprocessing.Queue()
        bare_process = multiprocessing.Process(target=bare_loop, args=(port,), daemon=True)
        bare_process.start()
        bare_port = port.get(timeout=20)
        gateway = GatewayProcess(app, folder / "data", args.profile)
        try:
            uvloop.run(stages(args, gateway, bare_port, makers, owner, postgres.pid or 0))
        finally:
            bare_process.terminate()
            code = gateway.stop()
        print(json.dumps({"gateway_exit": code, "tables": counted(owner)}), flush=True)


async def stages(
    args: argparse.Namespace, gateway: GatewayProcess, bare_port: int, makers: list[Maker], url: str, server: int
) -> None:
    each = args.frames // args.connections
    if args.memory:
        await memory_over(args, gateway, makers)
        return
    many = f"{args.connections} connections"
    for key, name, senders, count, window in (
        ("lockstep", f"{many}, lockstep 1", makers, each, 1),
        ("window", f"{many}, window {args.window}", makers, each, args.window),
        ("one", "one connection, lockstep 1", makers[:1], min(each * 4, 3000), 1),
    ):
        if args.only in (None, key):
            await stage(name, gateway, bare_port, senders, count, window, url, server)
    for line in gateway.log():
        if '"level": "error"' in line or '"level": "warning"' in line:
            print(line)


async def stage(
    name: str,
    gateway: GatewayProcess,
    bare_port: int,
    makers: list[Maker],
    each: int,
    window: int,
    url: str,
    server: int,
) -> None:
    """Send `each` frames from every maker, never more than `window` unanswered, and print what it took."""
    warm, batches = [maker.take(20) for maker in makers], [maker.take(each) for maker in makers]
    frames = each * len(batches)
    bare = frames / await play(bare_port, batches, window)
    await play(gateway.port, warm, 1)
    before, cpu, writing, database = counted(url), gateway.cpu(), gateway.writer_cpu(), database_cpu(server)
    seconds = await play(gateway.port, batches, window)
    line = {
        "stage": name,
        "frames": frames,
        "seconds": round(seconds, 3),
        "frames_per_s": round(frames / seconds),
        "of_bare_loop": round(frames / seconds / bare, 3),
        "bare_frames_per_s": round(bare),
        "bytes_per_frame": len(batches[0][0]),
        "loop_per_frame": per_frame(cpu, gateway.cpu(), frames),
        "writer_per_frame": per_frame(writing, gateway.writer_cpu(), frames),
        "database_per_frame": per_frame(database, database_cpu(server), frames),
        "load": round(os.getloadavg()[0], 1),
        "tables": difference(counted(url), before),
        "rss_mb": round(gateway.memory()),
    }
    print(json.dumps(line), flush=True)


async def memory_over(args: argparse.Namespace, gateway: GatewayProcess, makers: list[Maker]) -> None:
    done = 0
    while done < args.frames:
        batches = [maker.take(100) for maker in makers]
        seconds = await play(gateway.port, batches, args.window)
        done += 100 * len(batches)
        print(
            json.dumps(
                {
                    "frames": done,
                    "rss_mb": round(gateway.memory(), 1),
                    "frames_per_s": round(100 * len(batches) / seconds),
                }
            ),
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--connections", type=int, default=200)
    parser.add_argument("--frames", type=int, default=60_000, help="of each stage with many connections")
    parser.add_argument("--window", type=int, default=20)
    parser.add_argument("--kind", choices=("minute", "rt"), default="rt")
    parser.add_argument("--only", choices=("lockstep", "window", "one"))
    parser.add_argument("--memory", action="store_true", help="print resident memory all along")
    parser.add_argument("--profile", help="write a cProfile of the gateway's main thread to this file")
    parser.add_argument("--pg", action="append", default=[], metavar="NAME=VALUE", help="PostgreSQL setting")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="eb-bench-") as folder:
        run(args, Path(folder))


if __name__ == "__main__":
    main()
