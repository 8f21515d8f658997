"""Where the wind comes from, and what it brings: wind rose, pollution rose, conditional probability of high values."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from django.utils.translation import gettext as _

from ecobureau.domain.trends import PollutionRose, SectorValue, WindRose, pollution_rose, wind_rose
from ecobureau.web.statistics import analysis_selectors as selectors
from ecobureau.web.statistics.analysis_choice import STATS
from ecobureau.web.statistics.analysis_objects import Member
from ecobureau.web.statistics.analysis_parts import (
    DASH,
    Asked,
    Cell,
    Floats,
    Method,
    NotEnough,
    Shown,
    count,
    hour_rule,
    pack_method,
    percent,
    share,
    text,
)

_LEAST = 24
"""Valid hours without which no rose is drawn."""


def wind(asked: Asked) -> Shown:
    """Return the wind rose of a target's stations.

    Raises:
        NotEnough: no hours with wind. TooLong: more than a page should read.
    """
    speed, direction, possible, _some = _winds(asked)
    found = wind_rose(speed, direction, asked.rules.edges, sectors=asked.rules.sectors)
    if found.n < _LEAST:
        raise NotEnough(*_no_wind(found.n))
    names, classes = sector_names(asked.rules.sectors), speed_classes(found.edges)
    shares = found.shares
    chart = {
        "kind": "rose",
        "name": _("{name} · 风").format(name=asked.target.name),
        "unit": "%",
        "digits": 1,
        "labels": names,
        "stacks": [
            {"name": name, "values": [round(100 * float(one), 3) for one in shares[:, at]]}
            for at, name in enumerate(classes)
        ],
    }
    rows = [
        (
            text(name),
            count(int(found.counts[at].sum())),
            share(float(shares[at].sum())),
            *(share(float(one)) for one in shares[at]),
            _speed(found.mean_speed[at]),
        )
        for at, name in enumerate(names)
    ]
    none = Cell(None, DASH)
    rows.append((text(_("静风")), count(found.calms), share(found.calm_share), *[none] * (len(classes) + 1)))
    total = (count(found.n), share(1.0), *(share(float(one)) for one in shares.sum(axis=0)), none)
    rows.append((text(_("合计")), *total))
    return Shown(
        chart=chart,
        heads=(_("风向"), _("小时"), _("占比（%）"), *(f"{one}（%）" for one in classes), _("平均风速（m/s）")),
        rows=tuple(rows),
        reading=(_wind_reading(asked, found, names),),
        basis=(
            _("有效小时 {n}/{all}（{share}），风速、风向都有效才算").format(
                n=f"{found.n:,}", all=f"{possible:,}", share=percent(found.n / possible if possible else None)
            ),
            _("小时有效：上报标记为 N 或无标记。"),
        ),
        methods=_wind_methods(asked),
        notes=(_("风向是风的来向；小时风向用站点上报的小时值，本系统不对风向做算术平均。"),),
    )


def pollution(asked: Asked) -> Shown:
    """Return concentration by wind direction and speed.

    Raises:
        NotEnough: too few hours with wind and concentration. TooLong: more than a page should read.
    """
    choice, rules = asked.choice, asked.rules
    speed, direction, possible, members = _winds(asked)
    blocks = selectors.member_hours(members, choice.start, choice.end, choice.item.code)
    values = np.concatenate([block.values for block in blocks])
    found = pollution_rose(
        speed,
        direction,
        values,
        rules.edges,
        sectors=rules.sectors,
        need=rules.rose_need,
        high_share=rules.high_share,
    )
    if found.n < _LEAST:
        raise NotEnough(
            _("同时有风和浓度的小时太少"),
            _("有 {have} 个小时，至少要 {need} 个。选更长的时间，或换一个有气象参数的点位。").format(
                have=found.n, need=_LEAST
            ),
        )
    names, classes = sector_names(rules.sectors), speed_classes(found.edges)
    stat = choice.stat
    scale = 100.0 if stat == "cpf" else 1.0
    digits = 1 if stat == "cpf" else choice.item.digits
    bars = [None if (one := _stat(part, stat)) is None else round(scale * one, digits + 1) for part in found.sectors]
    chart = {
        "kind": "rose",
        "name": asked.title,
        "unit": "%" if stat == "cpf" else asked.unit,
        "digits": digits,
        "labels": names,
        "stacks": [{"name": str(STATS[stat]), "values": bars}],
    }
    rows = tuple(
        _pollution_row(asked, name, part)
        for name, part in zip([*names, _("静风")], [*found.sectors, found.calm], strict=True)
    )
    return Shown(
        chart=chart,
        heads=(
            _("风向"),
            _("小时"),
            asked.with_unit(_("平均值")),
            _("中位数"),
            _("第 90 百分位数"),
            _("高值小时"),
            _("高值条件概率（%）"),
            *classes,
        ),
        rows=rows,
        reading=_pollution_reading(asked, found, names),
        basis=(
            _("同时有风和浓度的小时 {n}/{all}（{share}）").format(
                n=f"{found.n:,}", all=f"{possible:,}", share=percent(found.n / possible if possible else None)
            ),
            hour_rule(asked)
            if asked.target.kind == "point"
            else _("小时有效：上报标记为 N 或无标记、未被数据审核剔除；各点位的小时与本点位的风配对后合在一起。"),
        ),
        methods=_pollution_methods(asked, found),
        notes=(
            _("风从某方向来时浓度高，只说明那个方向上风处可能有来源，不能单独作为证据。"),
            _("各风速档一列为平均浓度；不足 {need} 小时的格不给值。").format(need=rules.rose_need),
        ),
    )


def _winds(asked: Asked) -> tuple[Floats, Floats, int, list[Member]]:
    """Wind of all members with a station, one after the other; how many hours there could be; the members."""
    choice = asked.choice
    members = [member for member in asked.target.members if member.station_id is not None]
    if not members:
        raise NotEnough(
            _("这个对象没有气象数据"),
            _("它的数据是导入的，没有连着上报风速、风向的站点。换一个自动站。"),
        )
    pairs = selectors.wind_blocks(members, choice.start, choice.end)
    with_wind = [
        (speed, direction, member)
        for (speed, direction), member in zip(pairs, members, strict=True)
        if np.isfinite(speed).any()
    ]
    if not with_wind:
        raise NotEnough(*_no_wind(0))
    return (
        np.concatenate([speed for speed, _direction, _member in with_wind]),
        np.concatenate([direction for _speed, direction, _member in with_wind]),
        len(with_wind) * choice.days * 24,
        [member for _speed, _direction, member in with_wind],
    )


def _no_wind(have: int) -> tuple[str, str]:
    return (
        _("这段时间没有足够的风速、风向"),
        _("有 {have} 个有效小时，至少要 {need} 个。选更长的时间，或换一个有气象参数（a01007、a01008）的点位。").format(
            have=have, need=_LEAST
        ),
    )


def sector_names(sectors: int) -> list[str]:
    """Return the names of the wind directions, north first, clockwise; degrees where there are not sixteen."""
    if sectors == 16:
        return [
            _("北"),
            _("北东北"),
            _("东北"),
            _("东东北"),
            _("东"),
            _("东东南"),
            _("东南"),
            _("南东南"),
            _("南"),
            _("南西南"),
            _("西南"),
            _("西西南"),
            _("西"),
            _("西西北"),
            _("西北"),
            _("北西北"),
        ]
    return [f"{360 * at / sectors:g}°" for at in range(sectors)]


def speed_classes(edges: tuple[float, ...]) -> list[str]:
    """Return the words of the classes of wind speed."""
    closed = [f"{low:g}～{high:g} m/s" for low, high in pairwise(edges)]
    return [*closed, f"≥{edges[-1]:g} m/s"]


def _speed(value: float | None) -> Cell:
    return Cell(None, DASH) if value is None else Cell(round(value, 3), f"{value:.1f}")


def _stat(part: SectorValue, stat: str) -> float | None:
    return {"mean": part.mean, "median": part.median, "p90": part.p90, "cpf": part.cpf}[stat]


def _pollution_row(asked: Asked, name: str, part: SectorValue) -> tuple[Cell, ...]:
    return (
        text(name),
        count(part.n),
        asked.number(part.mean),
        asked.number(part.median),
        asked.number(part.p90),
        count(part.high),
        share(part.cpf),
        *(asked.number(cell) for cell in part.cells),
    )


def _wind_reading(asked: Asked, found: WindRose, names: list[str]) -> str:
    at = found.prevailing
    if at is None:
        return _("{period}，{name}全是静风。").format(period=asked.choice.period_words, name=asked.target.name)
    return _("{period}，{name}**{wind}风最多**，占 {share}；静风占 {calm}。").format(
        period=asked.choice.period_words,
        name=asked.target.name,
        wind=names[at],
        share=percent(float(found.shares[at].sum())),
        calm=percent(found.calm_share),
    )


def _pollution_reading(asked: Asked, found: PollutionRose, names: list[str]) -> tuple[str, ...]:
    known = [(part.mean, name) for part, name in zip(found.sectors, names, strict=True) if part.mean is not None]
    params = {"period": asked.choice.period_words, "what": asked.title}
    if not known:
        return (
            _("{period}，{what}：没有一个风向够 {need} 小时，**不能判断**。").format(
                **params, need=asked.rules.rose_need
            ),
        )
    top, low = max(known), min(known)
    sentences = [
        _("{period}，{what} 在**{top_at}风时最高**（平均 {top}），{low_at}风时最低（{low}）。").format(
            **params,
            top_at=top[1],
            top=asked.with_unit(asked.show(top[0])),
            low_at=low[1],
            low=asked.with_unit(asked.show(low[0])),
        )
    ]
    odds = [(part.cpf, name) for part, name in zip(found.sectors, names, strict=True) if part.cpf is not None]
    # Where most hours reach the threshold (coarse values, all alike) it parts nothing from nothing.
    if odds and found.threshold is not None and (found.share_high or 0) < 0.5:
        most = max(odds)
        sentences.append(
            _("高值（不低于 {limit}）在{wind}风时最常见：每 100 小时有 {n} 小时，全部小时平均 {usual}。").format(
                limit=asked.with_unit(asked.show(found.threshold)),
                wind=most[1],
                n=f"{100 * most[0]:.0f}",
                usual=f"{100 * (found.share_high or 0):.0f}",
            )
        )
    return tuple(sentences)


def _wind_methods(asked: Asked) -> tuple[Method, ...]:
    entries = asked.rules.entries
    return (
        pack_method(
            _("十六方位，北为 0，顺时针") if asked.rules.sectors == 16 else _("按方位分组"), entries["wind.sectors"]
        ),
        pack_method(
            _("低于 {calm} m/s 为静风，不计风向；各格与静风的占比之和为 100%").format(calm=f"{asked.rules.edges[0]:g}"),
            entries["wind.edges"],
        ),
    )


def _pollution_methods(asked: Asked, found: PollutionRose) -> tuple[Method, ...]:
    entries = asked.rules.entries
    return (
        *_wind_methods(asked),
        Method(
            _("高值条件概率＝该风向的高值小时 ÷ 该风向的全部小时；百分位数线性内插"),
            "Ashbaugh, Malm & Sadeh 1985；Uria-Tellaetxe & Carslaw 2014",
        ),
        pack_method(
            _("高值：不低于全部小时的第 {n} 百分位数").format(n=f"{100 * asked.rules.high_share:g}"),
            entries["rose.high_share"],
        ),
        pack_method(_("少于 {need} 小时的风向或格不给值").format(need=asked.rules.rose_need), entries["rose.need"]),
    )
