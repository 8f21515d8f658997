"""What is watched: enterprises, sites, outlets, stations, loggers, instruments, factors and limits.

Writes go through `services`, reads through `selectors`. Coordinates stand in WGS 84 / CGCS2000; the pair as it
was handed in and its system are kept beside them.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from ecobureau.domain import units


class CoordinateSystem(models.TextChoices):
    """The system of a handed-in pair of coordinates."""

    WGS84 = "wgs84", _("WGS 84 / CGCS2000")
    GCJ02 = "gcj02", _("GCJ-02（火星坐标）")
    BD09 = "bd09", _("BD-09（百度坐标）")


class Flag(models.TextChoices):
    """How sure we are of a limit's text (the certainty flag of the rule packs)."""

    CERTAIN = "certain", _("确定")
    LIKELY = "likely", _("较可信")
    TO_BE_CHECKED = "to be checked", _("待核对")
    PROPOSAL = "proposal", _("建议值")


class Placed(models.Model):
    """Something with a name and a place. `org_path` is the path of the deepest unit that holds it."""

    name = models.CharField(_("名称"), max_length=120)
    name_sort = models.CharField(max_length=480, editable=False)
    initials = models.CharField(max_length=120, editable=False, db_index=True)
    address = models.CharField(_("地址"), max_length=200, blank=True)
    lon = models.FloatField(_("经度"), null=True, blank=True)
    lat = models.FloatField(_("纬度"), null=True, blank=True)
    source_lon = models.FloatField(_("原经度"), null=True, blank=True)
    source_lat = models.FloatField(_("原纬度"), null=True, blank=True)
    source_system = models.CharField(
        _("原坐标系"), max_length=8, choices=CoordinateSystem.choices, default=CoordinateSystem.WGS84
    )
    org_path = models.CharField(_("所属机构"), max_length=200, blank=True, db_index=True)
    active = models.BooleanField(_("启用"), default=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name


class Enterprise(Placed):
    """A polluter in the sense of the law: one unified social credit code."""

    code = models.CharField(_("统一社会信用代码"), max_length=18, unique=True)
    short_name = models.CharField(_("简称"), max_length=60, blank=True)
    industry_code = models.CharField(_("行业代码"), max_length=8, blank=True)
    industry = models.CharField(_("行业"), max_length=80, blank=True)
    key_unit = models.BooleanField(_("重点排污单位"), default=False)
    permit_number = models.CharField(_("排污许可证编号"), max_length=40, blank=True)
    contact = models.CharField(_("环保联系人"), max_length=40, blank=True)
    phone = models.CharField(_("联系电话"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("企业")
        verbose_name_plural = _("企业")
        ordering = ["name_sort"]


class Site(Placed):
    """A production site of an enterprise."""

    enterprise = models.ForeignKey(Enterprise, models.PROTECT, related_name="sites", verbose_name=_("企业"))
    code = models.CharField(_("厂区编号"), max_length=40)

    class Meta:
        verbose_name = _("厂区")
        verbose_name_plural = _("厂区")
        ordering = ["name_sort"]
        constraints = [models.UniqueConstraint(fields=["enterprise", "code"], name="sources_site_once")]


class Outlet(Placed):
    """An outlet 排放口: where matter leaves a site, and what the permit limits."""

    class Medium(models.TextChoices):
        WATER = "water", _("废水")
        AIR = "air", _("废气")
        NOISE = "noise", _("噪声")
        RAIN = "rain", _("雨水")

    class Grade(models.TextChoices):
        MAIN = "main", _("主要排放口")
        GENERAL = "general", _("一般排放口")

    enterprise = models.ForeignKey(Enterprise, models.PROTECT, related_name="outlets", verbose_name=_("企业"))
    site = models.ForeignKey(
        Site, models.PROTECT, null=True, blank=True, related_name="outlets", verbose_name=_("厂区")
    )
    code = models.CharField(_("排放口编号"), max_length=40)
    medium = models.CharField(_("类别"), max_length=8, choices=Medium.choices)
    grade = models.CharField(_("等级"), max_length=8, choices=Grade.choices, default=Grade.GENERAL)
    o2_ref = models.FloatField(_("基准氧含量（%）"), null=True, blank=True)
    height_m = models.FloatField(_("排气筒高度（m）"), null=True, blank=True)
    destination = models.CharField(_("排放去向"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("排放口")
        verbose_name_plural = _("排放口")
        ordering = ["name_sort"]
        constraints = [models.UniqueConstraint(fields=["enterprise", "code"], name="sources_outlet_once")]


class Station(Placed):
    """A monitoring station 监测点: one place that one or more loggers report for.

    `noise_zone`: functional zone of GB 3096, by which the hours of a station of the sound environment are judged.
    """

    class NoiseZone(models.TextChoices):
        ZERO = "0", _("0 类区")
        ONE = "1", _("1 类区")
        TWO = "2", _("2 类区")
        THREE = "3", _("3 类区")
        ROAD = "4a", _("4a 类区（道路两侧）")
        RAILWAY = "4b", _("4b 类区（铁路两侧）")

    code = models.CharField(_("站点编号"), max_length=40, unique=True)
    outlet = models.ForeignKey(
        Outlet, models.PROTECT, null=True, blank=True, related_name="stations", verbose_name=_("排放口")
    )
    st = models.CharField(_("系统编码 ST"), max_length=3)
    water_body = models.CharField(
        _("水体类型"), max_length=8, blank=True, choices=[("river", _("河流")), ("lake", _("湖库"))]
    )
    noise_zone = models.CharField(_("声环境功能区"), max_length=4, blank=True, choices=NoiseZone.choices)
    operator = models.CharField(_("运维单位"), max_length=80, blank=True)

    class Meta:
        verbose_name = _("站点")
        verbose_name_plural = _("站点")
        ordering = ["name_sort"]


class Logger(models.Model):
    """A data logger 数采仪 and how to speak with it. Secrets are sealed and never shown again.

    `revision` rises with every change of what the gateway needs to know.
    """

    class Edition(models.IntegerChoices):
        E2005 = 0, _("HJ/T 212-2005")
        E2017 = 1, _("HJ 212-2017")
        E2025 = 2, _("HJ 212-2025")

    class Stamp(models.TextChoices):
        START = "start", _("时段开始")
        END = "end", _("时段结束")

    station = models.ForeignKey(Station, models.PROTECT, related_name="loggers", verbose_name=_("站点"))
    mn = models.CharField(_("设备唯一标识 MN"), max_length=40, unique=True)
    st = models.CharField(_("系统编码 ST"), max_length=3)
    edition = models.SmallIntegerField(_("协议版本"), null=True, blank=True, choices=Edition.choices)
    dialect = models.CharField(_("方言"), max_length=40, blank=True)
    password_sealed = models.BinaryField(editable=False)
    sm4_key_sealed = models.BinaryField(null=True, blank=True, editable=False)
    stamp_rule = models.CharField(_("时标规则"), max_length=5, choices=Stamp.choices, default=Stamp.START)
    rtd_interval_s = models.IntegerField(_("实时间隔（秒）"), default=60)
    minute_interval = models.IntegerField(_("分钟间隔（分）"), default=10)
    accept_from = models.DateTimeField(_("接收起点"))
    active = models.BooleanField(_("启用"), default=True)
    unit_overrides = models.JSONField(_("单位改写"), default=dict, blank=True)
    factor_map = models.JSONField(_("因子映射"), default=dict, blank=True)
    max_frames_per_minute = models.IntegerField(_("每分钟最多帧数"), default=600)
    relay = models.BooleanField(_("转发设备"), default=False)
    revision = models.BigIntegerField(default=0, editable=False)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name = _("数采仪")
        verbose_name_plural = _("数采仪")
        ordering = ["mn"]

    def __str__(self) -> str:
        return self.mn


class Factor(models.Model):
    """A monitored factor 监测因子 of HJ 212, filled from the protocol's rule pack."""

    code = models.CharField(_("因子编码"), max_length=20, primary_key=True)
    name_zh = models.CharField(_("中文名"), max_length=80)
    name_en = models.CharField(_("英文名"), max_length=120, blank=True)
    short_zh = models.CharField(_("简称"), max_length=20, blank=True)
    code_2005 = models.CharField(_("2005 版编码"), max_length=20, blank=True)
    unit = models.CharField(_("浓度单位"), max_length=20, blank=True)
    unit_emission = models.CharField(_("排放量单位"), max_length=20, blank=True)
    digits = models.CharField(_("数据类型"), max_length=12, blank=True)
    name_sort = models.CharField(max_length=320, editable=False)

    class Meta:
        verbose_name = _("监测因子")
        verbose_name_plural = _("监测因子")
        ordering = ["code"]

    def __str__(self) -> str:
        return f"{self.code} {self.name_zh}"


class Instrument(models.Model):
    """An analyser of a station for one factor, with its measuring range, during a span of days."""

    station = models.ForeignKey(Station, models.PROTECT, related_name="instruments", verbose_name=_("站点"))
    factor = models.ForeignKey(Factor, models.PROTECT, related_name="instruments", verbose_name=_("监测因子"))
    maker = models.CharField(_("厂商"), max_length=80, blank=True)
    model = models.CharField(_("型号"), max_length=80, blank=True)
    serial = models.CharField(_("序列号"), max_length=40, blank=True)
    range_low = models.FloatField(_("量程下限"), null=True, blank=True)
    range_high = models.FloatField(_("量程上限"), null=True, blank=True)
    detection_limit = models.FloatField(_("检出限"), null=True, blank=True)
    unit = models.CharField(_("单位"), max_length=20, blank=True)
    valid_from = models.DateField(_("生效日"))
    valid_to = models.DateField(_("失效日"), null=True, blank=True)

    class Meta:
        verbose_name = _("监测仪器")
        verbose_name_plural = _("监测仪器")
        indexes = [models.Index(fields=["station", "factor"], name="sources_instrument_of")]

    def __str__(self) -> str:
        return f"{self.station_id}/{self.factor_id}"


class Limit(models.Model):
    """One limit of one outlet: statistic, bound, value, and where it stands written. Spans are dated.

    `value` is exact; an equal measurement is not over it. `valid_to` is the last day in force. `hours`: a limit of
    noise may hold for the day or the night alone (the hours themselves stand in the rule pack `noise`).
    """

    class Statistic(models.TextChoices):
        AVG = "avg", _("均值")
        ZS_AVG = "zs_avg", _("折算均值")
        RTD = "rtd", _("实时值")
        ZS_RTD = "zs_rtd", _("折算实时值")

    class Period(models.TextChoices):
        ANY = "any", _("任意")
        HOUR = "hour", _("小时")
        DAY = "day", _("日")

    class Kind(models.TextChoices):
        MAX = "max", _("上限")
        MIN = "min", _("下限")

    class Hours(models.TextChoices):
        ANY = "any", _("全天")
        DAY = "day", _("昼间时段")
        NIGHT = "night", _("夜间时段")

    outlet = models.ForeignKey(Outlet, models.PROTECT, related_name="limits", verbose_name=_("排放口"))
    factor = models.ForeignKey(Factor, models.PROTECT, related_name="limits", verbose_name=_("监测因子"))
    field = models.CharField(_("统计量"), max_length=8, choices=Statistic.choices, default=Statistic.AVG)
    period = models.CharField(_("时段"), max_length=8, choices=Period.choices, default=Period.HOUR)
    kind = models.CharField(_("界限"), max_length=4, choices=Kind.choices, default=Kind.MAX)
    hours = models.CharField(_("昼夜"), max_length=8, choices=Hours.choices, default=Hours.ANY, db_default="any")
    value = models.DecimalField(_("限值"), max_digits=20, decimal_places=8)
    unit = models.CharField(_("单位"), max_length=20)
    source = models.CharField(_("依据"), max_length=120)
    clause = models.CharField(_("条款"), max_length=120, blank=True)
    flag = models.CharField(_("可信度"), max_length=16, choices=Flag.choices, default=Flag.TO_BE_CHECKED)
    valid_from = models.DateField(_("生效日"))
    valid_to = models.DateField(_("失效日"), null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("许可限值")
        verbose_name_plural = _("许可限值")
        indexes = [models.Index(fields=["outlet", "factor", "field"], name="sources_limit_of")]

    def __str__(self) -> str:
        return f"{self.outlet_id}/{self.factor_id}/{self.field}"

    @property
    def amount(self) -> str:
        """The value with its unit as people read it: `0.5 mg/L`, `100 mg/m³`, `9`."""
        unit = units.spelled(self.unit)
        number = format(self.value.normalize(), "f")
        return number if unit == "1" else f"{number} {unit}"


class Notice(models.Model):
    """A span that an enterprise or its operator declared: stop of production, maintenance, calibration.

    It is counter-evidence for the judge, never a reason to drop data.
    """

    class Kind(models.TextChoices):
        STOP = "stop", _("停产")
        MAINTENANCE = "maintenance", _("检修维护")
        CALIBRATION = "calibration", _("校准比对")
        START_UP = "start_up", _("启停炉")

    outlet = models.ForeignKey(Outlet, models.PROTECT, related_name="notices", verbose_name=_("排放口"))
    kind = models.CharField(_("种类"), max_length=12, choices=Kind.choices)
    starts = models.DateTimeField(_("开始"))
    ends = models.DateTimeField(_("结束"), null=True, blank=True)
    filed_at = models.DateTimeField(_("申报时间"))
    reason = models.CharField(_("说明"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("工况申报")
        verbose_name_plural = _("工况申报")
        indexes = [models.Index(fields=["outlet", "starts"], name="sources_notice_of")]

    def __str__(self) -> str:
        return f"{self.outlet_id}:{self.kind}"


class ImportDraft(models.Model):
    """An uploaded table between its check and its import. The file is sealed (it may hold device passwords) and goes
    as soon as it has been imported, dropped, or is a day old.
    """

    class State(models.TextChoices):
        CHECKED = "checked", _("已检查")
        APPLIED = "applied", _("已导入")
        REFUSED = "refused", _("有问题")
        DROPPED = "dropped", _("已放弃")

    uuid = models.UUIDField(unique=True)
    kind = models.CharField(max_length=16)
    name = models.CharField(_("文件"), max_length=200)
    sha256 = models.CharField(max_length=64)
    size = models.IntegerField()
    sealed = models.BinaryField(null=True)
    state = models.CharField(_("状态"), max_length=8, choices=State.choices)
    rows = models.IntegerField(default=0)
    made = models.IntegerField(default=0)
    changed = models.IntegerField(default=0)
    same = models.IntegerField(default=0)
    problem_count = models.IntegerField(default=0)
    problems = models.JSONField(default=list)
    header = models.JSONField(default=list)
    preview = models.JSONField(default=list)
    by = models.BigIntegerField(null=True)
    by_name = models.CharField(_("上传人"), max_length=150)
    at = models.DateTimeField(_("上传时间"))

    class Meta:
        verbose_name = _("导入")
        verbose_name_plural = _("导入")
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class PublicCode(models.Model):
    """The public code (一码) of an enterprise, outlet, station or outfall: what its QR label says.

    Random, so that nobody finds the next one by counting; at most one in force for a thing. A revoked code stays for
    ever, so that it is never given again and scanning it says what happened.
    """

    class Ending(models.TextChoices):
        REPLACED = "replaced", _("已换发新码")
        REVOKED = "revoked", _("已停用")
        CLOSED = "closed", _("对象已注销")

    code = models.CharField(_("公开码"), max_length=16, unique=True)
    what = models.CharField(_("对象种类"), max_length=16)
    object_id = models.BigIntegerField()
    issued_at = models.DateTimeField(_("发码时间"))
    issued_by = models.BigIntegerField(null=True)
    ended_at = models.DateTimeField(_("停用时间"), null=True)
    ended_by = models.BigIntegerField(null=True)
    ending = models.CharField(_("停用方式"), max_length=8, blank=True, choices=Ending.choices)
    why = models.CharField(_("停用原因"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("公开码")
        verbose_name_plural = _("公开码")
        constraints = [
            models.UniqueConstraint(
                fields=["what", "object_id"], condition=models.Q(ended_at=None), name="sources_publiccode_one"
            )
        ]
        indexes = [models.Index(fields=["what", "object_id"], name="sources_publiccode_of")]

    def __str__(self) -> str:
        return self.code
