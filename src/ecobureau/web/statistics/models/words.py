"""Media, items, causes and spans of the statistics, with their names."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Medium(models.TextChoices):
    AIR = "air", _("空气")
    WATER = "water", _("地表水")
    NOISE = "noise", _("声环境")
    EMISSION = "emission", _("污染源排放")


class Item(models.TextChoices):
    """Items of ambient air."""

    SO2 = "so2", _("二氧化硫")
    NO2 = "no2", _("二氧化氮")
    PM10 = "pm10", _("颗粒物(PM10)")
    PM2_5 = "pm2_5", _("细颗粒物(PM2.5)")
    CO = "co", _("一氧化碳")
    O3 = "o3", _("臭氧")


class WaterItem(models.TextChoices):
    """Items of surface water that automatic stations measure; the class rests on the first five."""

    PH = "ph", _("pH")
    DO = "do", _("溶解氧")
    CODMN = "codmn", _("高锰酸盐指数")
    NH3N = "nh3n", _("氨氮")
    TP = "tp", _("总磷")
    TN = "tn", _("总氮")
    CHLA = "chla", _("叶绿素 a")
    SD = "sd", _("透明度（塞氏盘）")


class SampleItem(models.TextChoices):
    """Items of surface water that only samples taken by hand have: with five of `WaterItem` the 21 of the month."""

    COD = "cod", _("化学需氧量")
    BOD5 = "bod5", _("五日生化需氧量")
    CU = "cu", _("铜")
    ZN = "zn", _("锌")
    F = "f", _("氟化物")
    SE = "se", _("硒")
    AS = "as", _("砷")
    HG = "hg", _("汞")
    CD = "cd", _("镉")
    CR6 = "cr6", _("铬（六价）")
    PB = "pb", _("铅")
    CN = "cn", _("氰化物")
    PHENOL = "phenol", _("挥发酚")
    OIL = "oil", _("石油类")
    LAS = "las", _("阴离子表面活性剂")
    SULFIDE = "sulfide", _("硫化物")


class NoiseItem(models.TextChoices):
    """Hourly levels of the sound environment, dB(A), and the weather that rules hours out."""

    LEQ = "leq", _("等效声级 Leq")
    L5 = "l5", _("累计百分声级 L5")
    L10 = "l10", _("累计百分声级 L10")
    L50 = "l50", _("累计百分声级 L50")
    L90 = "l90", _("累计百分声级 L90")
    L95 = "l95", _("累计百分声级 L95")
    LMAX = "lmax", _("最大声级 Lmax")
    LMIN = "lmin", _("最小声级 Lmin")
    WIND = "wind", _("风速")


class NoiseDayItem(models.TextChoices):
    """Levels of days and longer spans, dB(A); a night counts to the date on which it begins."""

    LD = "ld", _("昼间等效声级 Ld")
    LN = "ln", _("夜间等效声级 Ln")
    LDN = "ldn", _("昼夜等效声级 Ldn")
    PEAK = "peak", _("夜间最大声级")


ALL_ITEMS = [
    *Item.choices,
    *WaterItem.choices,
    *SampleItem.choices,
    *NoiseItem.choices,
    *NoiseDayItem.choices,
]
"""Items of all media; their codes do not overlap."""


class Cause(models.TextChoices):
    """Why figures were computed (again)."""

    NEW = "new", _("新数据")
    LATE = "late", _("迟到数据")
    REVISED = "revised", _("数据修订")
    INVALIDATED = "invalidated", _("审核为无效")
    RESTORED = "restored", _("审核后恢复")
    RULES = "rules", _("规则变更")
    POINTS = "points", _("评价点位变更")
    EXCLUDED = "excluded", _("扣除日变更")
    SAMPLED = "sampled", _("手工监测")
    NEIGHBOUR = "neighbour", _("其他日期的数据改变了替代值")


class AnySpan(models.TextChoices):
    """Periods that water has a class for, and noise its attainment."""

    DAY = "day", _("日")
    MONTH = "month", _("月")
    QUARTER = "quarter", _("季")
    YEAR = "year", _("年")


class Span(models.TextChoices):
    MONTH = "month", _("月")
    QUARTER = "quarter", _("季")
    YEAR = "year", _("年")
