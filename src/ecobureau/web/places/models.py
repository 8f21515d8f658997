"""Where the bureau works and who is on duty: organisations, their dated areas, memberships and shifts.

Writes go through `services`, reads through `selectors`.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Level(models.TextChoices):
    """What a unit is in the tree of the bureau."""

    CITY = "city", _("市级中心")
    DISTRICT = "district", _("区级分中心")
    DEPARTMENT = "department", _("职能部门")
    GRID = "grid", _("网格")


class Organisation(models.Model):
    """A unit of the tree: city centre, department, district sub-centre or grid.

    `path` names the unit for ever, for example `/wuhan/jiangan/g03/`; records keep it as text as it was. `valid_from`
    and `valid_to` are its first and last day (empty = open); `active` says whether it takes new matters.
    """

    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("上级单位")
    )
    code = models.CharField(_("代码"), max_length=40)
    path = models.CharField(_("路径"), max_length=200, unique=True)
    level = models.CharField(_("层级"), max_length=12, choices=Level.choices)
    name = models.CharField(_("名称"), max_length=80)
    name_sort = models.CharField(max_length=320, editable=False)
    initials = models.CharField(max_length=80, editable=False, db_index=True)
    division_code = models.CharField(_("行政区划代码"), max_length=12, blank=True)
    duties = models.JSONField(_("职责"), default=list, blank=True)
    phone = models.CharField(_("值班电话"), max_length=40, blank=True)
    lon = models.FloatField(_("经度"), null=True, blank=True)
    lat = models.FloatField(_("纬度"), null=True, blank=True)
    active = models.BooleanField(_("启用"), default=True)
    valid_from = models.DateField(_("设立日"), null=True, blank=True)
    valid_to = models.DateField(_("撤销日"), null=True, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name = _("机构")
        verbose_name_plural = _("机构")
        ordering = ["path"]
        indexes = [
            models.Index(fields=["level", "path"], name="places_level_path"),
        ]

    def __str__(self) -> str:
        return self.name


class Area(models.Model):
    """The polygon of a unit during a span of days (WGS 84 / CGCS2000, GeoJSON), with its bounding box.

    `valid_from` is the first day, `valid_to` the last (None = open). Spans of one unit never overlap.
    """

    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="areas", verbose_name=_("机构"))
    polygon = models.JSONField(_("范围"))
    min_lon = models.FloatField()
    min_lat = models.FloatField()
    max_lon = models.FloatField()
    max_lat = models.FloatField()
    source = models.CharField(_("来源"), max_length=200, blank=True)
    source_system = models.CharField(_("原坐标系"), max_length=12, default="wgs84")
    valid_from = models.DateField(_("生效日"))
    valid_to = models.DateField(_("失效日"), null=True, blank=True)

    class Meta:
        verbose_name = _("范围")
        verbose_name_plural = _("范围")
        indexes = [
            models.Index(fields=["min_lon", "max_lon", "min_lat", "max_lat"], name="places_area_box"),
        ]

    def __str__(self) -> str:
        return f"{self.organisation_id}:{self.valid_from}"


class Membership(models.Model):
    """A person belongs to a unit during a span of days."""

    class Post(models.TextChoices):
        HEAD = "head", _("负责人")
        MEMBER = "member", _("成员")

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="memberships", verbose_name=_("机构"))
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="memberships", verbose_name=_("人员")
    )
    post = models.CharField(_("岗位"), max_length=12, choices=Post.choices, default=Post.MEMBER)
    valid_from = models.DateField(_("生效日"))
    valid_to = models.DateField(_("失效日"), null=True, blank=True)

    class Meta:
        verbose_name = _("人员归属")
        verbose_name_plural = _("人员归属")

    def __str__(self) -> str:
        return f"{self.organisation_id}/{self.person_id}"


class Roster(models.Model):
    """A duty table of one unit, for example its day watch.

    Somebody must be on duty from `needs_from` to `needs_to` (Beijing; to ≤ from runs over midnight; both empty = around
    the clock), on free days only where `needs_rest_days`.
    """

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="rosters", verbose_name=_("机构"))
    name = models.CharField(_("值班表"), max_length=80)
    active = models.BooleanField(_("启用"), default=True)
    needs_from = models.TimeField(_("须有人值班：起"), null=True, blank=True)
    needs_to = models.TimeField(_("须有人值班：止"), null=True, blank=True)
    needs_rest_days = models.BooleanField(_("节假日也须有人值班"), default=True)

    class Meta:
        verbose_name = _("值班表")
        verbose_name_plural = _("值班表")
        constraints = [models.UniqueConstraint(fields=["organisation", "name"], name="places_roster_once")]

    def __str__(self) -> str:
        return self.name


class Shift(models.Model):
    """One person's duty from `starts` (included) to `ends` (not included); `stand_in` takes it over whole."""

    roster = models.ForeignKey(Roster, models.PROTECT, related_name="shifts", verbose_name=_("值班表"))
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="shifts", verbose_name=_("人员"))
    starts = models.DateTimeField(_("开始"))
    ends = models.DateTimeField(_("结束"))
    stand_in = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="stand_in_shifts",
        verbose_name=_("替班人"),
    )
    reason = models.CharField(_("替班原因"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("班次")
        verbose_name_plural = _("班次")
        indexes = [models.Index(fields=["roster", "starts", "ends"], name="places_shift_span")]
        constraints = [
            models.CheckConstraint(condition=models.Q(ends__gt=models.F("starts")), name="places_shift_order"),
        ]

    def __str__(self) -> str:
        return f"{self.roster_id}:{self.starts:%Y-%m-%d %H:%M}"
