"""`ecobureau standards totals IN.csv OUT.csv [--permits permits.csv]`: day, month, quarter, year against permits."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from decimal import Decimal

from ecobureau.commands.standards.emission_run import Computed, Run, add_options, help_text
from ecobureau.commands.standards.emission_specs import Permit, permit_for, read_permits
from ecobureau.commands.standards.table import WRONG_USAGE, CannotRun, Complaints, OutTable, guarded
from ecobureau.domain.emission.days import Days, days_of
from ecobureau.domain.emission.outlet import WATER_FLOW, FactorHours
from ecobureau.domain.emission.permit import Share, against, forecast, rolling
from ecobureau.domain.emission.times import PERIODS, day_number, period_index, period_name
from ecobureau.domain.emission.totals import Total, automatic_usable, totals_of
from ecobureau.domain.emission.transmission import Transmission, transmission
from ecobureau.words import say

COLUMNS = (
    "level",
    "outlet_id",
    "factor",
    "period",
    "kind",
    "days",
    "hours",
    "operating_hours",
    "stopped_hours",
    "no_discharge_hours",
    "valid_hours",
    "substituted_hours",
    "lost_hours",
    "capture",
    "missing_share",
    "usable",
    "measured_kg",
    "substituted_kg",
    "total_kg",
    "total_t",
    "should",
    "received",
    "valid_items",
    "transmission",
    "validity",
    "effective",
    "permitted_kg",
    "share",
    "excess_kg",
    "multiple",
    "verdict",
    "forecast_low_kg",
    "forecast_kg",
    "forecast_high_kg",
    "note",
)
_LEVELS = (*PERIODS, "12m")


def add_parser(parts: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `totals`."""
    parser = parts.add_parser("totals", help=help_text("emission.totals.help"), description=say("emission.totals.help"))
    add_options(parser)
    parser.add_argument("--permits", metavar="FILE.csv", help=help_text("emission.permits.help"))
    parser.add_argument("--levels", default=",".join(_LEVELS), metavar="LEVELS", help=help_text("emission.levels.help"))


def run(arguments: argparse.Namespace) -> int:
    """Compute; exit codes as in `commands.standards`."""
    return guarded(_run, arguments)


def _run(arguments: argparse.Namespace) -> int:
    complaints = Complaints()
    levels = [one.strip() for one in arguments.levels.split(",")]
    for one in levels:
        if one not in _LEVELS:
            mend = ", ".join(_LEVELS)
            raise CannotRun("emission.bad_option", WRONG_USAGE, option="--levels", text=one, mend=mend)
    work = Run(arguments, complaints)
    permits = {} if arguments.permits is None else read_permits(arguments.permits, complaints, arguments.encoding)
    unused = set(permits)
    with ExitStack() as stack:
        work.open(stack)
        with OutTable(arguments.target, COLUMNS) as out:
            work.rows.read()
            for computed in work.outlets():
                for factor in computed.hours.factors.values():
                    if not counted(computed, factor):
                        continue
                    key = (computed.outlet, factor.factor)
                    unused.discard(key)
                    days = days_of(computed.hours, factor.factor, computed.rules, computed.medium)
                    out.write(list(total_rows(computed, factor, days, permits.get(key, []), levels)))
    if unused:
        names = ", ".join(f"{outlet} {factor}" for outlet, factor in sorted(unused)[:20])
        print(say("emission.permit_unused", names=names), file=sys.stderr)
    return complaints.exit_code()


def counted(computed: Computed, factor: FactorHours) -> bool:
    """Whether a factor has totals: a pollutant with a mass."""
    return factor.spec.mass and factor.factor not in computed.rules.unweighted | {WATER_FLOW}


def total_rows(
    computed: Computed, factor: FactorHours, days: Days, permits: list[Permit], levels: Sequence[str]
) -> Iterator[Sequence[object]]:
    """Yield the rows of one factor, in the order of `COLUMNS`."""
    quarters = {one.index: one for one in totals_of(days, "quarter")}
    for period in PERIODS:
        if period in levels:
            for total in totals_of(days, period):
                permit = permit_for(permits, period, total.index)
                yield _row(computed, factor, days, total, permit, quarters)
    wanted = [one for one in permits if one.period == "12m"]
    if "12m" in levels and wanted and computed.hours.has_flow:
        months = {one.index: one.measured_ug + one.substituted_ug for one in totals_of(days, "month")}
        for span in rolling(months, computed.rules.rolling_months):
            share = against(span.total_kg, wanted[0].kg, computed.rules)
            first = span.last - computed.rules.rolling_months + 1
            name = f"{period_name(first, 'month')}/{period_name(span.last, 'month')}"
            yield _rolling_row(computed, factor, name, span.total_kg, share)


def _row(
    computed: Computed,
    factor: FactorHours,
    days: Days,
    total: Total,
    permit: Permit | None,
    quarters: dict[int, Total],
) -> Sequence[object]:
    has_flow = computed.hours.has_flow
    usable = automatic_usable(total, computed.rules)
    sent = transmission(total.should, total.received, total.valid_items, computed.rules.transmission_target)
    share = against(total.total_kg, permit.kg, computed.rules) if permit is not None and has_flow else None
    ahead = _forecast(computed, days, total) if share is not None else ("", "", "")
    amounts = (
        (_kg(total.measured_kg), _kg(total.substituted_kg), _kg(total.total_kg), f"{total.total_kg / 1000:.6f}")
        if has_flow
        else ("", "", "", "")
    )
    return (
        total.period,
        computed.outlet,
        factor.factor,
        total.name,
        computed.medium,
        total.days,
        total.hours,
        total.operating,
        total.stopped,
        total.quiet,
        total.valid,
        total.substituted,
        total.lost,
        _share(total.capture),
        _share(total.missing_share),
        "" if usable is None else int(usable),
        *amounts,
        *_sent(sent),
        *_against(share),
        *ahead,
        _note(computed, total, usable, share, quarters, ahead),
    )


def _rolling_row(
    computed: Computed, factor: FactorHours, name: str, total_kg: Decimal, share: Share
) -> Sequence[object]:
    amounts = ("", "", _kg(total_kg), f"{total_kg / 1000:.6f}")
    head = ("12m", computed.outlet, factor.factor, name, computed.medium)
    return (*head, *[""] * 11, *amounts, *[""] * 6, *_against(share), "", "", "", "; ".join(_share_notes(share)))


def _kg(value: Decimal) -> str:
    return f"{value:.9f}"


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"


def _sent(one: Transmission) -> tuple[object, ...]:
    rates = (_share(one.transmission), _share(one.validity), _share(one.effective))
    return (one.should, one.received, one.valid, *rates)


def _against(share: Share | None) -> tuple[object, ...]:
    if share is None:
        return ("", "", "", "", "")
    verdict = "over" if share.over else f"warn_{share.warning * 100:g}" if share.warning else "ok"
    ratio = "" if share.share is None else f"{float(share.share):.6g}"
    multiple = "" if share.multiple is None or not share.over else f"{float(share.multiple):.6g}"
    return (f"{share.permitted_kg:f}", ratio, _kg(share.excess_kg), multiple, verdict)


def _forecast(computed: Computed, days: Days, total: Total) -> tuple[str, str, str]:
    # Only for the period that the data end in, from its days so far.
    first, after = (day_number(one) for one in total.span)
    last = int(days.day[-1])
    if not first <= last < after - 1 or total.period == "day":
        return ("", "", "")
    inside = period_index(days.day, total.period) == total.index
    daily = [one / 1e9 for one in (days.measured_ug + days.substituted_ug)[inside].tolist()]
    found = forecast(daily, after - 1 - last, computed.rules)
    if found is None:
        return ("", "", "")
    return (f"{found.low_kg:.6f}", f"{found.middle_kg:.6f}", f"{found.high_kg:.6f}")


def _share_notes(share: Share | None) -> list[str]:
    if share is None:
        return []
    if share.over:
        multiple = "—" if share.multiple is None else f"{float(share.multiple):.3g}"
        return [say("emission.note.over", excess=f"{share.excess_kg:.3f}", multiple=multiple)]
    return [say("emission.note.warn", share=f"{share.warning:.0%}")] if share.warning else []


def _note(
    computed: Computed,
    total: Total,
    usable: bool | None,
    share: Share | None,
    quarters: dict[int, Total],
    ahead: tuple[str, str, str],
) -> str:
    if not computed.hours.has_flow:
        return say("emission.note.no_flow")
    parts = _share_notes(share)
    first, after = total.span
    if total.hours < 24 * (after - first).days and total.period != "day":
        parts.append(say("emission.note.part", days=total.days))
    if usable is False:
        allowed = f"{computed.rules.quarter_missing:.0%}"
        parts.append(say("emission.note.unusable", missing=f"{total.missing_share or 0:.1%}", allowed=allowed))
    if total.period == "year":
        inside = range((total.index) * 4, total.index * 4 + 4)
        bad = [quarters[at].name for at in inside if at in quarters and _unusable(quarters[at], computed)]
        if bad:
            parts.append(say("emission.note.some_unusable", quarters=", ".join(bad)))
    if total.lost:
        parts.append(say("emission.note.lost", hours=total.lost))
    if ahead[0]:
        parts.append(say("emission.note.forecast"))
    return "; ".join(parts)


def _unusable(quarter: Total, computed: Computed) -> bool:
    return automatic_usable(quarter, computed.rules) is False
