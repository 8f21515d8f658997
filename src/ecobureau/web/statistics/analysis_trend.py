"""Whether values rise or fall over time: seasonal Kendall of months, Mann–Kendall of days, with Sen's slope."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from django.utils.translation import gettext as _

from ecobureau.domain.air.statistics import month_valid
from ecobureau.domain.trends import (
    Kendall,
    Slope,
    TooFew,
    autocorrelation,
    average,
    hamed_rao,
    seasonal_kendall,
    seasonal_slope,
    sen_slope,
)
from ecobureau.domain.trends.kendall import MOST
from ecobureau.web.statistics import analysis_emission as emission
from ecobureau.web.statistics import analysis_selectors as selectors
from ecobureau.web.statistics import rules as in_force
from ecobureau.web.statistics.analysis_parts import (
    DASH,
    Asked,
    Cell,
    Floats,
    Method,
    NotEnough,
    Shown,
    count,
    day_rule,
    left_out_notes,
    listed,
    month_index,
    month_label,
    need_some,
    pack_method,
    signed,
    text,
    valid_words,
)
from ecobureau.web.statistics.analysis_selectors import Block
from ecobureau.web.statistics.emission.rollup import month_is_valid
from ecobureau.web.statistics.models import Medium

YEAR = 365.25


@dataclass(frozen=True, slots=True)
class _Found:
    """A test and its slope per year, and the line of the slope on the grid."""

    test: Kendall
    slope: Slope
    line: Floats


def trend(asked: Asked) -> Shown:
    """Return the trend of a target's daily or monthly values.

    Raises:
        NotEnough: fewer values than a trend needs. TooLong: more than a page should read.
    """
    choice = asked.choice
    blocks = selectors.day_blocks(asked.target, choice.item.code, choice.start, choice.end, asked.rules)
    need_some(blocks, hours=False)
    months = [_months(asked, block) for block in blocks]
    step = choice.step
    if step == "auto":
        most = max(int(np.isfinite(one).sum()) for one in months)
        step = "month" if most >= asked.rules.need_months or len(blocks) > 1 else "day"
    return _by_month(asked, blocks, months) if step == "month" else _by_day(asked, blocks)


# --- months -----------------------------------------------------------------------------------------------------------


def _months(asked: Asked, block: Block) -> Floats:
    """Return a block's monthly means, NaN where a month has too few valid days."""
    index = month_index(asked.choice.start, len(block.values))
    found = np.full(int(index[-1]) + 1, np.nan)
    for month in range(len(found)):
        some = block.values[index == month]
        some = some[np.isfinite(some)]
        if len(some) and _month_counts(asked, month, len(some)):
            found[month] = average(some, asked.averaging)
    return found


def _month_counts(asked: Asked, month: int, days: int) -> bool:
    label = month_label(asked.choice.start, month)
    year, number = int(label[:4]), int(label[5:])
    length = calendar.monthrange(year, number)[1]
    if asked.choice.medium == Medium.EMISSION and not emission.is_mass(asked.choice):
        return month_is_valid(date(year, number, 1), days)
    if asked.choice.medium == Medium.AIR:
        rules = in_force.statistics_on(date(year, number, length))
        return rules is not None and month_valid(days, number, rules)
    return days >= asked.rules.month_share * length


def _by_month(asked: Asked, blocks: list[Block], months: list[Floats]) -> Shown:
    rules, choice = asked.rules, asked.choice
    most = max(int(np.isfinite(one).sum()) for one in months)
    if most < rules.need_months:
        raise NotEnough(
            _("有效月不够，看不出趋势"),
            _("有 {have} 个有效月，至少要 {need} 个（两年）。选更长的时间，或改看日值。").format(
                have=most, need=rules.need_months
            ),
        )
    found = _seasonal(months, rules.confidence)
    middle = months[0] if len(months) == 1 else _median(months)
    line = _line(middle, found.slope.slope / 12)
    labels = [month_label(choice.start, at) for at in range(len(middle))]
    valid = int(sum(np.isfinite(one).sum() for one in months))
    name = _("月均值") if len(blocks) == 1 else _("各站月值的中位数")
    if emission.is_mass(choice):
        name = _("月内日均排放量")
    heads: tuple[str, ...]
    if len(blocks) == 1:
        heads = (_("月份"), _("有效日"), asked.with_unit(name), asked.with_unit(_("趋势线")))
        index = month_index(choice.start, len(blocks[0].values))
        days = np.bincount(index[np.isfinite(blocks[0].values)], minlength=len(middle))
        rows: list[tuple[Cell, ...]] = [
            (text(label), count(int(n)), asked.number(value), asked.number(fit, 1))
            for label, n, value, fit in zip(labels, days, middle.tolist(), line.tolist(), strict=True)
        ]
    else:
        heads, rows = _station_rows(asked, blocks, months)
    basis = (
        valid_words(blocks, hours=False),
        _("有效月 {n}/{all}").format(n=valid, all=len(middle) * len(months)),
        day_rule(asked),
        _month_rule(asked),
    )
    notes = [_("季节的影响已去除：只把同一月份在不同年份相比。"), *left_out_notes(blocks)]
    if found.test.method == "seasonal":
        notes.append(_("不足十年，各月之间的相关未计入，p 值可能偏小。"))
    elif len(blocks) > 1:
        notes.append(_("各站、各月之间的相关已计入方差。"))
    return Shown(
        chart=_chart(asked, labels, name, middle, line),
        heads=heads,
        rows=tuple(rows),
        reading=_reading(asked, found, per_test=_("季节肯德尔检验")),
        basis=basis,
        methods=_methods(asked, found),
        notes=tuple(notes),
    )


def _seasonal(months: list[Floats], confidence: float) -> _Found:
    years = -(-len(months[0]) // 12)
    rows: list[Floats] = []
    for one in months:
        padded = np.full(years * 12, np.nan)
        padded[: len(one)] = one
        rows.extend(padded.reshape(years, 12).T)
    try:
        # Stations of one place go up and down together: their covariance counts however few the years are.
        test = seasonal_kendall(rows, need=2, dependent=True if len(months) > 1 else None)
        slope = seasonal_slope(rows, confidence=confidence, variance=test.variance)
    except TooFew as few:
        raise NotEnough(_("有效月不够，看不出趋势"), _("没有一个月份在两个年份都有效。选更长的时间。")) from few
    return _Found(test, slope, np.zeros(0))


def _station_rows(
    asked: Asked, blocks: list[Block], months: list[Floats]
) -> tuple[tuple[str, ...], list[tuple[Cell, ...]]]:
    heads = (
        _("站点"),
        _("有效月"),
        asked.with_unit(_("每年变化")),
        _("区间下限"),
        _("区间上限"),
        "p",
        _("结论"),
    )
    rows: list[tuple[Cell, ...]] = []
    for block, one in zip(blocks, months, strict=True):
        valid = int(np.isfinite(one).sum())
        try:
            found = _seasonal([one], asked.rules.confidence)
        except NotEnough:
            none = Cell(None, DASH)
            rows.append((text(block.name), count(valid), none, none, none, none, text(_("有效数据不足"))))
            continue
        slope, test = found.slope, found.test
        rows.append(
            (
                text(block.name),
                count(valid),
                asked.number(slope.slope, 1),
                asked.number(slope.low, 1),
                asked.number(slope.high, 1),
                Cell(round(test.p, 6), p_words(test.p)),
                text(_verdict(found, asked.rules.confidence)),
            )
        )
    return heads, rows


def _median(months: list[Floats]) -> Floats:
    stacked = np.vstack(months)
    some = np.isfinite(stacked).any(axis=0)
    found = np.full(stacked.shape[1], np.nan)
    found[some] = np.nanmedian(stacked[:, some], axis=0)
    return found


# --- days -------------------------------------------------------------------------------------------------------------


def _by_day(asked: Asked, blocks: list[Block]) -> Shown:
    rules, choice = asked.rules, asked.choice
    if len(blocks) > 1:
        raise NotEnough(_("多个站点一起只能看月值"), _("把步长改为“月值”，或选其中一个站点。"))
    values = blocks[0].values
    have = int(np.isfinite(values).sum())
    if have < rules.need_days:
        raise NotEnough(
            _("有效日不够，看不出趋势"),
            _("有 {have} 个有效日，至少要 {need} 个。选更长的时间。").format(have=have, need=rules.need_days),
        )
    if have > MOST:
        raise NotEnough(_("日值太多"), _("超过 {most} 个有效日时请看月值。").format(most=MOST))
    test = hamed_rao(values, confidence=rules.confidence)
    slope = sen_slope(values, confidence=rules.confidence, variance=test.variance)
    per_year = Slope(
        slope.slope * YEAR, slope.low * YEAR, slope.high * YEAR, slope.intercept, slope.confidence, slope.pairs
    )
    line = _line(values, slope.slope)
    labels = [(choice.start + timedelta(days=at)).isoformat() for at in range(len(values))]
    first = next(iter(autocorrelation(values, lags=1)), None)
    notes = left_out_notes(blocks)
    if first is not None and first[2]:
        notes.append(
            _("相邻两日相关（去趋势后 r＝{r}），方差已放大 {times} 倍，p 值和区间都按放大后的算。").format(
                r=f"{first[1]:.2f}", times=f"{test.inflation:.1f}"
            )
        )
    else:
        notes.append(_("相邻两日没有明显相关，方差不需要修正。"))
    if len(values) < 2 * YEAR:
        notes.append(_("不足两年：上升或下降可能只是季节变化，不能当作长期趋势。"))
    heads = (_("日期"), asked.with_unit(_("日值")), asked.with_unit(_("趋势线")))
    rows = [
        (text(label), asked.number(value), asked.number(fit, 1))
        for label, value, fit in zip(labels, values.tolist(), line.tolist(), strict=True)
    ]
    found = _Found(test, per_year, line)
    return Shown(
        chart=_chart(asked, labels, _("日值"), values, line),
        heads=heads,
        rows=tuple(rows),
        reading=_reading(asked, found, per_test=_("曼-肯德尔检验")),
        basis=(valid_words(blocks, hours=False), day_rule(asked)),
        methods=_methods(asked, found),
        notes=tuple(notes),
    )


# --- words ------------------------------------------------------------------------------------------------------------


def _line(values: Floats, slope: float) -> Floats:
    """Return the line of a slope per cell through the middle of the values."""
    at = np.arange(len(values))
    return (float(np.nanmedian(values - slope * at)) + slope * at).astype(np.float64)


def _chart(asked: Asked, labels: list[str], name: str, values: Floats, line: Floats) -> dict[str, object]:
    digits = asked.choice.item.digits
    return {
        "kind": "lines",
        "name": asked.title,
        "unit": asked.unit,
        "zero": asked.choice.item.zero,
        "digits": digits,
        "labels": labels,
        "lines": [
            {"name": str(name), "values": listed(values, digits + 1), "series": 1, "dots": len(labels) <= 130},
            {"name": _("趋势线（Sen 斜率）"), "values": listed(line, digits + 2), "series": 3, "dash": True},
        ],
    }


def p_words(p: float) -> str:
    """Return a probability as it is read: three digits, `<0.001` below."""
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def _significant(found: _Found, confidence: float) -> bool:
    return found.test.p < 1 - confidence and found.slope.low * found.slope.high > 0


def _verdict(found: _Found, confidence: float) -> str:
    if not _significant(found, confidence):
        return _("趋势不显著")
    return _("显著上升") if found.slope.slope > 0 else _("显著下降")


def _reading(asked: Asked, found: _Found, *, per_test: str) -> tuple[str, ...]:
    slope, test = found.slope, found.test
    params = {
        "period": asked.choice.period_words,
        "what": asked.title,
        "slope": asked.with_unit(asked.show(abs(slope.slope), 1)),
        "low": asked.show(slope.low, 1),
        "high": asked.show(slope.high, 1),
        "level": f"{100 * slope.confidence:.0f}%",
        "p": p_words(test.p) if test.p < 0.001 else f"={p_words(test.p)}",
        "test": per_test,
    }
    if _significant(found, asked.rules.confidence):
        form = (
            _("{period}，{what} 每年**上升 {slope}**（{level} 区间 {low}～{high}），趋势显著（{test}，p {p}）。")
            if slope.slope > 0
            else _("{period}，{what} 每年**下降 {slope}**（{level} 区间 {low}～{high}），趋势显著（{test}，p {p}）。")
        )
        return (form.format(**params),)
    return (
        _(
            "{period}，{what} **不能判断**升降：每年变化的 {level} 区间 {low}～{high}，趋势不显著（{test}，p {p}）。"
        ).format(**params),
    )


def _methods(asked: Asked, found: _Found) -> tuple[Method, ...]:
    test = found.test
    level = pack_method(
        _("双侧检验，置信水平 {level}").format(level=f"{100 * asked.rules.confidence:.0f}%"),
        asked.rules.entries["trend.confidence"],
    )
    slope = Method(
        _("斜率：Sen 斜率，即所有数对斜率的中位数（{pairs} 对），区间按 S 的方差").format(
            pairs=f"{found.slope.pairs:,}"
        ),
        "Sen 1968",
    )
    if test.method.startswith("seasonal"):
        words = _("季节肯德尔检验：每个月份（每个站点）各自检验后相加，S＝{s}，方差 {v}，τ＝{tau}")
        source = "Hirsch, Slack & Smith 1982；Hirsch & Slack 1984；Helsel & Frans 2006"
    else:
        words = _("曼-肯德尔检验，并列值已修正，自相关按 Hamed–Rao 修正方差：S＝{s}，方差 {v}，τ＝{tau}")
        source = "Mann 1945；Kendall 1975；Hamed & Rao 1998"
    said = words.format(s=signed(f"{test.s:,}"), v=f"{test.variance:,.0f}", tau=signed(f"{test.tau:.2f}"))
    return Method(said, source), slope, level


def _month_rule(asked: Asked) -> str:
    if asked.choice.medium == Medium.EMISSION:
        return emission.month_rule(asked.choice, asked.rules)
    if asked.choice.medium == Medium.AIR:
        return _("月有效：按 GB 3095 对月均值的有效日数要求（一般 27 日，2 月 25 日，以规则包为准）。")
    return _("月有效：有效日不少于当月的 {share}（本系统约定）。").format(share=f"{100 * asked.rules.month_share:.0f}%")
