"""The evidence pack of a clue of detection: rows with the hashes of their frames, plot, rules, law, and a command.

`values.csv`, `outlets.csv` and `declarations.csv` are in the form that `ecobureau detect` reads, so that anybody can
run the finding again without this system.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from ecobureau.clock import BEIJING, beijing, now
from ecobureau.domain.detection.registry import load_all
from ecobureau.domain.detection.run import Input
from ecobureau.domain.detection.types import OutletSeries
from ecobureau.domain.emission.totals import kilograms
from ecobureau.domain.workflow import Refusal
from ecobureau.rulepacks import load
from ecobureau.storage import read
from ecobureau.storage.types import Kind
from ecobureau.web.clues import evidence as told
from ecobureau.web.clues import selectors as clues
from ecobureau.web.clues.models import Clue
from ecobureau.web.core import audit
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.pages.common import signed_in, viewer_in
from ecobureau.web.core.refusals import refuse, sentence
from ecobureau.web.detection import accounting, process, reading, rules, totals
from ecobureau.web.detection.models import FindingRow
from ecobureau.web.detection.telling import OVER_TOTAL
from ecobureau.web.sources.models import Outlet
from ecobureau.web.telemetry.selectors import store
from ecobureau.words import say

REFERENCE_DAYS = 45
"""History in the pack: what the finding's models had learnt from."""
_STAMP = (1980, 1, 1, 0, 0, 0)
"""One time for every member, so that the same data give the same bytes."""


def build(clue: Clue) -> bytes:
    """Return the zip of a clue of detection, from what is stored now.

    Raises:
        Refused: the clue is none of detection, or its outlet has no hourly values round the window.
    """
    if clue.outlet_id is None or clue.rule not in load_all():
        refuse(Refusal("detection.not_of_detection", {"number": clue.number}), what=f"pack {clue.number}")
    start, end = clue.first_at - timedelta(days=REFERENCE_DAYS), clue.last_at + timedelta(days=1)
    found = reading.inputs([clue.outlet_id], start, min(end, now()))
    if not found:
        refuse(Refusal("detection.no_values", {"number": clue.number}), what=f"pack {clue.number}")
    files: dict[str, str | bytes] = {
        "values.csv": _values(found[0]),
        "outlets.csv": _outlets(found[0]),
        "declarations.csv": _declarations(found[0]),
        "frames.csv": _frames(clue, found[0][0]),
        "findings.json": _findings(clue),
        "parameters.json": _json({"packs": rules.version(), "values": _parameters(clue)}),
        "law.csv": _law(clue),
        "plot.png": _plot(clue, found[0][0]),
        "README.txt": _readme(clue),
    }
    if clue.rule in OVER_TOTAL:
        files |= _total(clue)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, _STAMP), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


@require_GET
@signed_in
def pack_view(request: HttpRequest, number: str) -> HttpResponse:
    """Hand out the evidence pack of a clue that the viewer may see; who took it stands in the audit."""
    viewer: Viewer = viewer_in(request)
    clue = clues.clue(viewer, number)
    if clue is None:
        refuse(Refusal("core.not_found", {"number": number}), actor=viewer.user_id, what="pack")
    content = build(clue)
    audit.write(viewer, "detection.pack", kind="clue", object_id=clue.pk, number=clue.number, size=len(content))
    response = HttpResponse(content, content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="{clue.number}.zip"'
    return response


def _csv(rows: Iterable[Iterable[Any]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True, default=str)


def _iso(epoch: float) -> str:
    return datetime.fromtimestamp(float(epoch), UTC).astimezone(BEIJING).isoformat()


def _values(found: Input) -> str:
    series = found[0]
    rows: list[Iterable[Any]] = [("outlet_id", "kind", "time", "factor", "avg", "flag", "zs_avg")]
    for one in filter(None, (series, series.inlet)):
        for factor, values in sorted(one.avg.items()):
            zs = one.zs.get(factor, np.full(len(values), np.nan))
            for at in np.flatnonzero(np.isfinite(values)):
                converted = "" if np.isnan(zs[at]) else repr(float(zs[at]))
                mark = str(one.flag[factor][at])
                rows.append(
                    (one.outlet_id, one.kind, _iso(one.t[at]), factor, repr(float(values[at])), mark, converted)
                )
    return _csv(rows)


def _outlets(found: Input) -> str:
    facts = found[1]
    head = ("outlet_id", "kind", "industry", "factor", "limit", "range_max", "resolution", "o2_ref", "permit_kg_month")
    more = ("has_inlet", "has_power", "rated_prod_kw", "rated_treat_kw")
    rows: list[Iterable[Any]] = [head + more]
    for code, one in sorted(facts.factors.items()):
        values = (one.limit, one.range_max, one.resolution, one.o2_ref, one.permit_kg_month)
        flags = (int(facts.has_inlet), int(facts.has_power), facts.rated_prod_kw, facts.rated_treat_kw)
        rows.append(
            (facts.outlet_id, facts.kind, facts.industry, code, *("" if v is None else v for v in (*values, *flags)))
        )
    return _csv(rows)


def _declarations(found: Input) -> str:
    rows: list[Iterable[Any]] = [("outlet_id", "start", "end", "type", "value")]
    rows += [
        (one.outlet_id, _iso(one.start), _iso(one.end), one.type, "" if one.value is None else one.value)
        for one in found[2]
    ]
    return _csv(rows)


def _frames(clue: Clue, series: OutletSeries) -> str:
    """Return each hour of the window (and a day on either side) with the raw frame that gave it and its SHA-256."""
    start, end = clue.first_at - timedelta(days=1), clue.last_at + timedelta(days=1)
    rows: list[Iterable[Any]] = [("station", "time", "factor", "avg", "flag", "received_at", "raw_frame", "sha256")]
    stations = [clue.station_id] if clue.station_id is not None else []
    for station in stations:
        found = read.series(store(), station, None, Kind.HOUR, reading.HOUR_S, None, start, end)
        points = [point for each in found.values() for point in each]
        digests = read.digests(store(), {point.raw_id for point in points})
        for point in sorted(points, key=lambda one: (one.start, one.code)):
            digest = digests.get(point.raw_id, b"").hex()
            when = beijing(point.start).isoformat(), beijing(point.received_at).isoformat()
            rows.append((station, when[0], point.code, point.text(), point.flag, when[1], point.raw_id, digest))
    return _csv(rows)


def _total(clue: Clue) -> dict[str, str | bytes]:
    """Return the chain of an over-total: each day of the period, and each hour of it with the frames it rests on."""
    day = beijing(clue.last_at - timedelta(seconds=1)).date()
    permit = process.permit_of(clue.outlet_id or 0, clue.factor, day)
    outlet = Outlet.objects.filter(pk=clue.outlet_id or 0).first()
    if permit is None or outlet is None:
        return {}
    first, until = accounting.span_of(permit.period, day)
    heads = ("day", "measured_kg", "substituted_kg", "hours_measured", "hours_substituted", "hours_lost", "sum_kg")
    rows: list[Iterable[Any]] = [heads]
    used = 0
    for one in totals.days(outlet.pk, clue.factor, first, until):
        used += one.measured_ug + one.substituted_ug
        amounts = (kilograms(one.measured_ug), kilograms(one.substituted_ug))
        rows.append((one.day.isoformat(), *amounts, one.measured, one.substituted, one.lost, kilograms(used)))
    rows.append(("permitted", permit.kg, permit.get_period_display(), permit.source, "", "", ""))
    return {"days.csv": _csv(rows), "hours.csv": _hours(outlet, clue.factor, first, until)}


def _hours(outlet: Outlet, factor: str, first: date, until: date) -> str:
    names = ("time", "concentration", "mark", "flow_m3", "kg", "substitute_kg", "state")
    rows: list[Iterable[Any]] = [(*names, "raw_frame", "sha256", "flow_raw_frame", "flow_sha256")]
    quarter = accounting.quarter_begin(first)
    while quarter < until:
        after = accounting.span_of("quarter", quarter)[1]
        before = accounting.quarter_begin(quarter - timedelta(days=1))
        end = min(now(), accounting.first_moment(after))
        found = accounting.account(outlet, factor, before, end) if end > accounting.first_moment(quarter) else None
        begin, last = max(quarter, first), min(after, until)
        hours = found.listed(accounting.first_moment(begin), accounting.first_moment(last)) if found else []
        ids = {pk for hour in hours for pk in (hour.raw_id, hour.flow_raw_id) if pk}
        digests = {pk: digest.hex() for pk, digest in read.digests(store(), ids).items()}
        for hour in hours:
            raw, flow = hour.raw_id or "", hour.flow_raw_id or ""
            values = (hour.concentration, hour.mark, hour.flow, hour.kg, hour.substitute)
            told = ("" if value is None else value for value in values)
            sums = (raw, digests.get(hour.raw_id or 0, ""), flow, digests.get(hour.flow_raw_id or 0, ""))
            rows.append((beijing(hour.start).isoformat(), *told, hour.state.removeprefix("emission.state."), *sums))
        quarter = after
    return _csv(rows)


def _findings(clue: Clue) -> str:
    rows = FindingRow.objects.filter(clue=clue).order_by("start_at", "pattern")
    return _json(
        {
            "clue": clue.number,
            "reason": {lang: sentence(clue.reason_code, clue.reason_params, lang) for lang in ("zh", "en")},
            "findings": [
                {
                    "pattern": row.pattern,
                    "start": beijing(row.start_at).isoformat(),
                    "end": beijing(row.end_at).isoformat(),
                    "raised_at": beijing(row.raised_at).isoformat(),
                    "factors": row.factors,
                    "statistic": row.statistic,
                    "threshold": row.threshold,
                    "score": row.score,
                    "severity": row.severity,
                    "numbers": row.numbers,
                    "counter": [{"code": code, "text": say(code, "zh")} for code in row.counter],
                    "rules": row.rules,
                }
                for row in rows
            ],
        }
    )


def _parameters(clue: Clue) -> dict[str, object]:
    params = rules.params(beijing(clue.last_at).date())
    patterns = {clue.rule, *FindingRow.objects.filter(clue=clue).values_list("pattern", flat=True)}
    wanted = (*sorted(patterns), "fusion", "masks", "model")
    return {f"{part}.{key}": params.part(part).raw(key) for part in wanted for key in params.part(part).keys()}  # noqa: SIM118


def _law(clue: Clue) -> str:
    day, pack = beijing(clue.last_at).date(), load("detection_law")
    rows: list[Iterable[Any]] = [("source", "clause", "what", "certainty", "valid_from")]
    for key in pack.keys():  # noqa: SIM118 - a pack is no mapping
        try:
            entry = pack.at(key, day)
        except KeyError:
            continue
        rows.append((entry.source, entry.clause, entry.value, entry.flag.value, entry.valid_from.isoformat()))
    return _csv(rows)


def _plot(clue: Clue, series: OutletSeries) -> bytes:
    """Return a PNG of the clue's factor and the plant's power round the window; labels are codes, for any font."""
    from matplotlib.figure import Figure

    shown = [code for code in (clue.factor, "a19001", "pw_prod", "pw_treat") if code in series.avg]
    times = [datetime.fromtimestamp(int(at), UTC).astimezone(BEIJING).replace(tzinfo=None) for at in series.t]
    figure = Figure(figsize=(11, 2.2 * max(1, len(shown))), layout="constrained")
    axes = figure.subplots(max(1, len(shown)), 1, sharex=True, squeeze=False)[:, 0]
    first, last = (beijing(each).replace(tzinfo=None) for each in (clue.first_at, clue.last_at))
    for axis, code in zip(axes, shown, strict=False):
        axis.plot(times, series.avg[code], color="#0E6377", linewidth=0.9)
        axis.axvspan(first, last, color="#F08A1D", alpha=0.25)
        axis.set_ylabel(code)
        axis.grid(visible=True, color="#D9E1E4", linewidth=0.5)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110, metadata={"Software": None})
    return buffer.getvalue()


def _readme(clue: Clue) -> str:
    lines = [
        f"{clue.number}  {told.title(clue)}",
        sentence(clue.reason_code, clue.reason_params, "zh"),
        sentence(clue.reason_code, clue.reason_params, "en"),
        "",
        say("detection.pack.reproduce", "zh"),
        say("detection.pack.reproduce", "en"),
        "",
        "ecobureau detect --values values.csv --outlets outlets.csv --declarations declarations.csv --out clues.csv",
        "",
        say("detection.pack.suspected", "zh"),
        say("detection.pack.suspected", "en"),
    ]
    return "\n".join(lines) + "\n"
