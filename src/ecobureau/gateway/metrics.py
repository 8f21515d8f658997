"""What the gateway counts, and the small HTTP server that shows it to Prometheus.

The loop counts in plain numbers; families are made only when somebody asks.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Histogram:
    """Counts of seconds in `BUCKETS`."""

    def __init__(self) -> None:
        self.counts = [0] * (len(BUCKETS) + 1)
        self.total = 0.0

    def add(self, seconds: float, count: int = 1) -> None:
        """Count `count` observations of `seconds`."""
        self.counts[bisect_left(BUCKETS, seconds)] += count
        self.total += seconds * count

    def family(self, name: str, text: str) -> Metric:
        """Return it as Prometheus wants it: cumulative."""
        running, buckets = 0, []
        for bound, count in zip((*map(str, BUCKETS), "+Inf"), self.counts, strict=True):
            running += count
            buckets.append((bound, float(running)))
        return HistogramMetricFamily(name, text, buckets=buckets, sum_value=self.total)


class Metrics(Collector):
    """All numbers of one gateway process.

    Args:
        state: called when asked, gives the gauges: name (without prefix) to (text, value).
    """

    def __init__(self, state: Callable[[], dict[str, tuple[str, float]]]) -> None:
        self.received = 0
        self.bytes = 0
        self.outcomes: Counter[str] = Counter()
        self.deviations: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()
        self.answers = 0
        self.throttled = 0
        self.accepted = 0
        self.turned_away: Counter[str] = Counter()
        self.batches = 0
        self.outages = 0
        self.faults: Counter[str] = Counter()
        self.commands: Counter[str] = Counter()
        self.commit = Histogram()
        self.wait = Histogram()
        self._state = state
        self.registry = CollectorRegistry()
        self.registry.register(self)

    def collect(self) -> Iterable[Metric]:
        """Yield the metric families."""
        yield _counter("frames_received", "Frames read from sockets", self.received)
        yield _counter("bytes_received", "Bytes read from sockets", self.bytes)
        yield _counter("answers_sent", "Answers sent after commit", self.answers)
        yield _counter("throttles", "Times a connection was made to wait for sending too fast", self.throttled)
        yield _counter("connections_accepted", "Connections taken", self.accepted)
        yield _counter("batches", "Transactions of the writer", self.batches)
        yield _counter("database_outages", "Times the database went away or was full", self.outages)
        yield _labelled("faults", "Faults of the program or the schema, by name", "name", self.faults)
        yield _labelled("frames", "Frames by outcome", "outcome", self.outcomes)
        yield _labelled("deviations", "Deviations by code", "code", self.deviations)
        yield _labelled("frame_errors", "Frames not taken, by reason", "reason", self.errors)
        yield _labelled(
            "connections_closed_by_us", "Connections refused or closed, by reason", "reason", self.turned_away
        )
        yield _labelled("commands", "Commands to devices, by state reached", "state", self.commands)
        yield self.commit.family("ecobureau_gateway_commit_seconds", "Time of a transaction")
        yield self.wait.family("ecobureau_gateway_answer_seconds", "From a frame's receipt to its durable commit")
        for name, (text, value) in self._state().items():
            yield GaugeMetricFamily(f"ecobureau_gateway_{name}", text, value=value)


def _counter(name: str, text: str, value: float) -> Metric:
    return CounterMetricFamily(f"ecobureau_gateway_{name}", text, value=value)


def _labelled(name: str, text: str, label: str, counts: Counter[str]) -> Metric:
    family = CounterMetricFamily(f"ecobureau_gateway_{name}", text, labels=[label])
    for key, value in sorted(counts.items()):
        family.add_metric([key], value)
    return family


class MetricsServer:
    """Answers GET /metrics and GET /health; nothing else.

    Args:
        metrics: what to show. healthy: says whether the database takes frames.
    """

    def __init__(self, metrics: Metrics, healthy: Callable[[], bool]) -> None:
        self._metrics = metrics
        self._healthy = healthy
        self._server: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> int:
        """Listen; return the port (of use with port 0)."""
        self._server = await asyncio.start_server(self._serve, host, port, limit=8192)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(10):
                head = await reader.readuntil(b"\r\n\r\n")
            status, kind, body = self._answer(head.split(b" ", 2)[:2])
            writer.write(
                b"HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s"
                % (status, kind.encode(), len(body), body)
            )
            await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()

    def _answer(self, asked: list[bytes]) -> tuple[bytes, str, bytes]:
        if asked == [b"GET", b"/metrics"]:
            return b"200 OK", CONTENT_TYPE_LATEST, generate_latest(self._metrics.registry)
        if asked == [b"GET", b"/health"]:
            if self._healthy():
                return b"200 OK", "text/plain", b"ok\n"
            return b"503 Service Unavailable", "text/plain", b"database away\n"
        return b"404 Not Found", "text/plain", b"/metrics or /health\n"
